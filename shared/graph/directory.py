"""Groups, their members and the tenant's SKUs, as values."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar
from urllib.parse import quote

from shared.catalog.names import product_name, service_plan_name
from shared.errors import GraphError
from shared.graph import license_states
from shared.graph.batch import BatchAnswer, Batcher, BatchRequest
from shared.graph.errors import READ_GROUPS, READ_MEMBERS, READ_SKUS, READ_USERS, Operation, forbidden
from shared.graph.transport import Json, Priority, Transport, parsed
from shared.models import Catalog, LicenseRequest, ServicePlan, Sku, UserState

MAX_PAGE_SIZE = 999
"""The most that Graph gives in one page of groups or members."""

_ADVANCED = {"ConsistencyLevel": "eventual"}
"""Searches and the cast of members are answered only with this header, on every page: a next link drops it.
Source: https://learn.microsoft.com/graph/aad-advanced-queries, microsoft-graph-docs#18514."""

_GROUP = "id,displayName,description,mail,mailEnabled,securityEnabled,groupTypes,assignedLicenses"
_MEMBER = "id,userPrincipalName,displayName,accountEnabled,userType"
_SKU = "skuId,skuPartNumber,capabilityStatus,appliesTo,consumedUnits,prepaidUnits,servicePlans"

T = TypeVar("T")

GroupKind = Literal["security", "microsoft365", "mailEnabledSecurity", "distribution"]


@dataclass(frozen=True, slots=True)
class Group:
    """A group. `assigned_licenses` is what it gives its direct members by group-based licensing."""

    id: str
    display_name: str
    description: str | None
    mail: str | None
    kind: GroupKind
    dynamic: bool
    assigned_licenses: tuple[LicenseRequest, ...]


@dataclass(frozen=True, slots=True)
class GroupPage:
    """`next_link` is Graph's own, None on the last page."""

    groups: list[Group]
    next_link: str | None


@dataclass(frozen=True, slots=True)
class Member:
    """A user among the transitive members of a group. `sku_ids` are held in any way, as far as the page shows."""

    user_id: str
    user_principal_name: str
    display_name: str
    account_enabled: bool
    user_type: str
    sku_ids: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class MemberPage:
    members: list[Member]
    next_link: str | None


@dataclass(frozen=True, slots=True)
class HolderPage:
    """Users of the tenant who hold at least one licence."""

    states: list[UserState]
    next_link: str | None


@dataclass(frozen=True, slots=True)
class MemberStatesPage:
    """Members with what they hold."""

    members: list[tuple[Member, UserState]]
    next_link: str | None


class Directory:
    """Reads of the tenant, at one priority. Thread safe. Methods raise GraphError where none is returned."""

    def __init__(
        self, transport: Transport, batcher: Batcher, *, priority: Priority = Priority.NORMAL
    ) -> None:
        self._transport = transport
        self._batcher = batcher
        self._priority = priority

    def find_groups(
        self, search: str | None = None, page_size: int = 100, next_link: str | None = None
    ) -> GroupPage:
        """Groups by name: those with a word in it, or a mail address, that begins with `search`, or all. 1-999 a page.

        With `next_link` (of a page before) the rest is ignored.
        Source of the search: https://learn.microsoft.com/graph/search-query-parameter.
        """
        params = {"$select": _GROUP, "$top": str(page_size), "$orderby": "displayName", "$count": "true"}
        if search:
            escaped = search.replace("\\", "\\\\").replace('"', '\\"')
            params["$search"] = f'"displayName:{escaped}" OR "mail:{escaped}"'
        page = self._page(READ_GROUPS, "/groups", params, next_link)
        return GroupPage(parsed(_each(_group), page), page.get("@odata.nextLink"))

    def groups_by_id(self, group_ids: Sequence[str]) -> dict[str, Group | GraphError]:
        """Each group, or why it cannot be read (`GroupNotFound`). Raises nothing."""
        answers = self._read_groups(group_ids, _GROUP)
        return {group_id: _group_or_error(answer) for group_id, answer in answers.items()}

    def group_names(self, group_ids: Sequence[str]) -> dict[str, str]:
        """The names of the groups that exist, by id."""
        names: dict[str, str] = {}
        for group_id, answer in self._read_groups(group_ids, "id,displayName").items():
            error = answer.error(READ_GROUPS)
            if error is None:
                names[group_id] = parsed(_name, answer.body)
            elif error.code != "GroupNotFound":
                raise error
        return names

    def member_page(self, group_id: str, next_link: str | None = None) -> MemberPage:
        """999 of the users among the group's transitive members, each once, in Graph's order.

        Raises:
            ExpiredPageToken: too long after the page before; begin at the first page again.
        """
        page = self._member_page(group_id, f"{_MEMBER},assignedLicenses", MAX_PAGE_SIZE, next_link)
        return MemberPage(parsed(_each(_member), page), page.get("@odata.nextLink"))

    def member_states_page(
        self, group_id: str, page_size: int = MAX_PAGE_SIZE, next_link: str | None = None
    ) -> MemberStatesPage:
        """As `member_page`, with what each member holds. 1-999 a page."""
        select = f"{_MEMBER},{license_states.SELECT.removeprefix('id,accountEnabled,userType,')}"
        page = self._member_page(group_id, select, page_size, next_link)
        return MemberStatesPage(parsed(_each(_member_state), page), page.get("@odata.nextLink"))

    def holder_page(self, next_link: str | None = None) -> HolderPage:
        """999 of the tenant's users who hold a licence, each with what it holds.

        Raises:
            ExpiredPageToken: too long after the page before; begin at the first page again.
        """
        params = {
            "$select": license_states.SELECT,
            "$filter": "assignedLicenses/$count ne 0",
            "$top": str(MAX_PAGE_SIZE),
            "$count": "true",
        }
        page = self._page(READ_USERS, "/users", params, next_link)
        return HolderPage(parsed(_each(license_states.user_state), page), page.get("@odata.nextLink"))

    def subscribed_skus(self) -> Catalog:
        """The SKUs that the tenant has or had a subscription to. Graph gives them in one page."""
        body = self._transport.get(
            READ_SKUS, "/subscribedSkus", params={"$select": _SKU}, priority=self._priority
        )
        return {sku.sku_id: sku for sku in parsed(_each(_sku), body)}

    def _member_page(self, group_id: str, select: str, page_size: int, next_link: str | None) -> Json:
        path = f"/groups/{quote(group_id, safe='')}/transitiveMembers/microsoft.graph.user"
        params = {"$select": select, "$top": str(page_size), "$count": "true"}
        return self._page(READ_MEMBERS, path, params, next_link)

    def _page(
        self, operation: Operation, path: str, params: Mapping[str, str], next_link: str | None
    ) -> Json:
        if next_link is None:
            return self._transport.get(
                operation, path, params=params, headers=_ADVANCED, priority=self._priority
            )
        link = self._transport.own_link(next_link, under=path)
        return self._transport.get(operation, link, headers=_ADVANCED, priority=self._priority)

    def _read_groups(self, group_ids: Sequence[str], select: str) -> dict[str, BatchAnswer]:
        requests = [
            BatchRequest(group_id, "GET", f"/groups/{quote(group_id, safe='')}?$select={select}")
            for group_id in group_ids
        ]
        return self._batcher.send(requests, priority=self._priority)


def _each(parse: Callable[[Json], T]) -> Callable[[Json], list[T]]:
    """A reader of a collection's page."""
    return lambda page: [parse(value) for value in page["value"]]


def _group_or_error(answer: BatchAnswer) -> Group | GraphError:
    error = answer.error(READ_GROUPS)
    if error is not None:
        return error
    try:
        return parsed(_group, answer.body)
    except GraphError as unreadable:
        return unreadable


def _name(value: Json) -> str:
    return value["displayName"] or ""


def _member_state(value: Json) -> tuple[Member, UserState]:
    return _member(value), license_states.user_state(value)


def _group(value: Json) -> Group:
    return Group(
        id=value["id"].lower(),
        display_name=value.get("displayName") or "",
        description=value.get("description"),
        mail=value.get("mail"),
        kind=_kind(value),
        dynamic="DynamicMembership" in value.get("groupTypes", ()),
        assigned_licenses=tuple(
            LicenseRequest(
                assigned["skuId"].lower(),
                tuple(sorted(plan.lower() for plan in assigned.get("disabledPlans") or ())),
            )
            for assigned in value.get("assignedLicenses") or ()
        ),
    )


def _kind(value: Json) -> GroupKind:
    """Source: https://learn.microsoft.com/graph/api/resources/groups-overview."""
    if "Unified" in value.get("groupTypes", ()):
        return "microsoft365"
    if value.get("securityEnabled"):
        return "mailEnabledSecurity" if value.get("mailEnabled") else "security"
    return "distribution"


def _member(value: Json) -> Member:
    """Raises LastingGraphError where Graph shows ids only, as it does to an app without User.Read.All.

    Whether such a member is a guest or disabled is unknown, so it must not be taken for neither.
    """
    if not value.get("userPrincipalName"):
        raise forbidden(READ_MEMBERS, status=200, request_id=None)
    return Member(
        user_id=value["id"].lower(),
        user_principal_name=value["userPrincipalName"],
        display_name=value.get("displayName") or "",
        account_enabled=bool(value.get("accountEnabled")),
        user_type=value.get("userType") or "Member",
        sku_ids=frozenset(held["skuId"].lower() for held in value.get("assignedLicenses") or ()),
    )


def _sku(value: Json) -> Sku:
    units: dict[str, Any] = value.get("prepaidUnits") or {}
    return Sku(
        sku_id=value["skuId"].lower(),
        sku_part_number=value["skuPartNumber"],
        capability_status=value.get("capabilityStatus") or "",
        applies_to=value.get("appliesTo") or "",
        enabled=units.get("enabled") or 0,
        warning=units.get("warning") or 0,
        suspended=units.get("suspended") or 0,
        locked_out=units.get("lockedOut") or 0,
        consumed=value.get("consumedUnits") or 0,
        service_plans=tuple(
            ServicePlan(
                plan["servicePlanId"].lower(),
                plan["servicePlanName"],
                assignable=plan.get("appliesTo") != "Company",
                display_name=service_plan_name(plan["servicePlanId"], plan["servicePlanName"]),
            )
            for plan in value.get("servicePlans") or ()
        ),
        display_name=product_name(value["skuId"], value["skuPartNumber"]),
    )
