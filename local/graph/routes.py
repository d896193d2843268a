"""The calls that are served, with their cost and the app role each is tied to.

Costs are Microsoft's: resource units with and without `$select`, and writes. Source: Microsoft Graph, "Throttling
limits", identity and access. A call is tied to one role, the one that this app asks for; withholding it refuses the
call even where a broader role would do.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from local.graph import directory, writes
from local.graph.messages import GraphError, Refusal
from local.graph.request import Answer, GraphRequest, Query
from local.graph.simulator import Simulator

Handler = Callable[[Simulator, GraphRequest, str], Answer]


class Route(NamedTuple):
    """`units` and `units_selected` are resource units without and with `$select`."""

    template: str
    handler: Handler
    units: int
    units_selected: int
    writes: int
    role: str

    def cost(self, query: Query) -> int:
        """Resource units of a request: a small page is one cheaper, $expand one dearer, never below one."""
        units = self.units_selected if query.select else self.units
        units += query.expand
        if query.top is not None and query.top < 20:
            units -= 1
        return max(units, 1)


READ_MEMBERS = "GroupMember.Read.All"
READ_USERS = "User.Read.All"
WRITE_USERS = "User.ReadWrite.All"
READ_LICENSES = "LicenseAssignment.Read.All"
WRITE_LICENSES = "LicenseAssignment.ReadWrite.All"

_USER_CAST = "microsoft.graph.user"

ROUTES = {
    route.template: route
    for route in (
        Route("GET groups", directory.list_groups, 1, 1, 0, READ_MEMBERS),
        Route("GET groups/$count", directory.count_groups, 1, 1, 0, READ_MEMBERS),
        Route("GET groups/{id}", directory.get_group, 1, 1, 0, READ_MEMBERS),
        Route("GET groups/{id}/members", directory.list_members, 3, 2, 0, READ_MEMBERS),
        Route(f"GET groups/{{id}}/members/{_USER_CAST}", directory.list_member_users, 3, 2, 0, READ_MEMBERS),
        Route("GET groups/{id}/transitiveMembers", directory.list_transitive_members, 5, 4, 0, READ_MEMBERS),
        Route(
            f"GET groups/{{id}}/transitiveMembers/{_USER_CAST}",
            directory.list_transitive_users,
            5,
            4,
            0,
            READ_MEMBERS,
        ),
        Route(
            "GET groups/{id}/transitiveMembers/$count",
            directory.count_transitive_members,
            5,
            4,
            0,
            READ_MEMBERS,
        ),
        Route(
            f"GET groups/{{id}}/transitiveMembers/{_USER_CAST}/$count",
            directory.count_transitive_users,
            5,
            4,
            0,
            READ_MEMBERS,
        ),
        Route("POST groups/{id}/assignLicense", writes.assign_group_license, 1, 1, 1, WRITE_LICENSES),
        Route("GET users", directory.list_users, 2, 1, 0, READ_USERS),
        Route("GET users/$count", directory.count_users, 2, 1, 0, READ_USERS),
        Route("GET users/{id}", directory.get_user, 1, 1, 0, READ_USERS),
        Route("PATCH users/{id}", writes.patch_user, 1, 1, 1, WRITE_USERS),
        Route("GET users/{id}/licenseDetails", directory.get_license_details, 2, 1, 0, READ_LICENSES),
        Route("POST users/{id}/assignLicense", writes.assign_user_license, 1, 1, 1, WRITE_LICENSES),
        Route("POST users/{id}/reprocessLicenseAssignment", writes.reprocess_user, 1, 1, 1, WRITE_USERS),
        Route("POST users/{id}/sendMail", writes.send_mail, 1, 1, 0, "Mail.Send"),
        Route("GET subscribedSkus", directory.list_skus, 3, 2, 0, READ_LICENSES),
        Route("GET subscribedSkus/{id}", directory.get_sku, 3, 2, 0, READ_LICENSES),
        Route("GET organization", directory.get_organization, 1, 1, 0, "Organization.Read.All"),
        Route("POST directoryObjects/getByIds", directory.get_by_ids, 5, 2, 0, "Directory.Read.All"),
    )
}
_METHODS = ("GET", "POST", "PATCH", "PUT", "DELETE")
_KEY_SYNTAX = re.compile(r"/(\w+)\('([^']+)'\)(/.*)?")


def find_route(method: str, path: str) -> tuple[Route, str]:
    """The route of a path such as `/users/{id}/assignLicense` and the key in it; raises GraphError if none."""
    parts = _parts(path)
    key = parts[1] if len(parts) > 1 else ""
    for template in _templates(parts):
        route = ROUTES.get(f"{method} {template}")
        if route is not None:
            return route, key
    if any(f"{other} {template}" in ROUTES for template in _templates(parts) for other in _METHODS):
        raise GraphError(Refusal.METHOD_NOT_ALLOWED)
    raise GraphError(Refusal.UNKNOWN_SEGMENT, parts[-1] if parts[0] in _COLLECTIONS else parts[0])


def _parts(path: str) -> list[str]:
    if "('" in path:
        match = _KEY_SYNTAX.fullmatch(path)
        if match:
            path = f"/{match[1]}/{match[2]}{match[3] or ''}"
    parts = path.strip("/").split("/")
    return [_USER_CAST if part == "graph.user" else part for part in parts] if len(parts) > 3 else parts


def _templates(parts: list[str]) -> tuple[str, ...]:
    literal = "/".join(parts)
    if len(parts) < 2:
        return (literal,)
    return literal, "/".join([parts[0], "{id}", *parts[2:]])


_COLLECTIONS = {template.split(" ")[1].split("/")[0] for template in ROUTES}
