"""What the pickers show, over HTTP, from the default tenant."""

from typing import Any

import pytest
import requests

from shared.api import cursor
from tests.support.system import System
from tests.system.tenants import POWER_BI, VISIO, mixed_tenant

pytestmark = pytest.mark.system


def test_groups_are_found_and_paged(system: System) -> None:
    api = system.host.api
    everything = api.all("groups", pageSize=7)
    assert {group["displayName"] for group in everything} == {
        group["displayName"] for group in system.graph.control.groups()
    }
    assert {group["kind"] for group in everything} >= {"security", "microsoft365", "distribution"}
    names = [group["displayName"] for group in api.all("groups", search="Sales")]
    assert "Sales Germany" in names
    assert all("Sales" in name for name in names)
    mail = next(group["mail"] for group in everything if group["mail"])
    assert [group["mail"] for group in api.all("groups", search=mail.split("@")[0])] == [mail]


def test_members_with_their_licences(system: System) -> None:
    api, tenant = system.host.api, mixed_tenant(system.graph.control)
    api.run(
        {
            "action": "assign",
            "groupIds": [tenant.groups["Berlin"]],
            "licenses": [{"skuId": POWER_BI}],
            "expiresIn": {"value": 1, "unit": "months"},
        },
        status="Finished",
    )
    members = {
        member["id"]: member for member in api.all(f"groups/{tenant.groups['Europe']}/members", pageSize=2)
    }
    assert len(members) == 7
    both = {entry["skuId"]: entry for entry in members[tenant.users["both"]]["licenses"]}[VISIO]
    assert both["direct"]
    assert [giver["displayName"] for giver in both["inheritedFrom"]] == ["Visio by group"]
    temporary = {entry["skuId"]: entry for entry in members[tenant.users["none"]]["licenses"]}[POWER_BI]
    assert temporary["expiresAt"] == api.grants(userId=tenant.users["none"])[0]["expiresAt"]
    assert temporary["displayName"] == "Power BI Pro"


def test_licences_and_locations(system: System) -> None:
    api = system.host.api
    licenses = api.all("licenses")
    assert api.all("licenses", pageSize=3) == licenses
    sold_out = next(entry for entry in licenses if entry["skuId"] == VISIO)
    assert (sold_out["displayName"], sold_out["available"]) == ("Visio Plan 2", 0)
    locations = api.all("locations")
    assert {"code": "DE", "name": "Germany"} in locations
    assert len(api.read("locations", pageSize=10)["value"]) == 10
    assert api.all("locations", pageSize=100) == locations


def test_licences_that_users_of_groups_hold(system: System) -> None:
    api, tenant = system.host.api, mixed_tenant(system.graph.control)
    answer = api.post(
        "licenses/assigned", {"groupIds": [tenant.groups["Germany"], tenant.groups["Berlin"]]}
    ).json()
    assert answer["complete"]
    assert answer["usersRead"] == 7
    visio = next(entry for entry in answer["value"] if entry["skuId"] == VISIO)
    assert (visio["users"], visio["direct"], visio["inherited"]) == (4, 3, 2)


def test_licences_that_users_of_the_tenant_hold(system: System) -> None:
    api = system.host.api
    mixed_tenant(system.graph.control)
    answer = api.read("licenses/assigned")
    assert answer["usersRead"] == 5, "who holds nothing is not read"
    visio = next(entry for entry in answer["value"] if entry["skuId"] == VISIO)
    assert (visio["users"], visio["direct"], visio["inherited"]) == (4, 3, 2)


def test_the_pages_of_a_large_tenant_add_up(system: System) -> None:
    api, control = system.host.api, system.graph.control
    control.reset("empty")
    control.seed(
        skus=[{"skuPartNumber": "POWER_BI_PRO", "enabled": 10_000}],
        bulk=[{"displayName": "All", "users": 6_000, "licenses": [{"skuId": POWER_BI}]}],
    )
    first = api.read("licenses/assigned")
    second = api.read(first["nextLink"])
    assert first["usersRead"] + second["usersRead"] == 6_000
    assert sum(page["value"][0]["direct"] for page in (first, second)) == 6_000
    assert "nextLink" not in second


def test_an_unknown_group_is_404(system: System) -> None:
    answer = system.host.api.get("groups/00000000-0000-4000-8000-00000000dead/members")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "GroupNotFound")
    answer = system.host.api.get("groups/not-a-guid/members")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "GroupNotFound")


def test_an_unknown_group_is_named_by_its_place(system: System) -> None:
    known = system.graph.control.group_named("Sales Germany")
    group_ids = [known, known.upper(), "00000000-0000-4000-8000-00000000dead"]
    error = system.host.api.post("licenses/assigned", {"groupIds": group_ids}).json()["error"]
    assert (error["code"], error["target"]) == ("GroupNotFound", "groupIds[2]")


# --- cursors from elsewhere, and old ones -----------------------------------------------------------------


def assert_no_page(answer: requests.Response) -> None:
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["target"]) == (400, "InvalidRequest", "cursor"), error


def test_the_cursor_of_one_group_is_none_of_anothers(system: System) -> None:
    api, tenant = system.host.api, mixed_tenant(system.graph.control)
    link = api.read(f"groups/{tenant.groups['Europe']}/members", pageSize=2)["nextLink"]
    assert_no_page(api.get(link.replace(tenant.groups["Europe"], tenant.groups["Berlin"])))
    assert api.read(link.replace(tenant.groups["Europe"], tenant.groups["Europe"].upper()))["value"]


@pytest.mark.parametrize(
    "link",
    [
        5,
        [],
        "",
        "https://evil.example/v1.0/groups?$skiptoken=a",
        "{graph}/subscribedSkus?$skiptoken=a",
        "{graph}{list}?$top=no-number",
    ],
    ids=str,
)
@pytest.mark.parametrize(
    ("path", "route", "of"),
    [
        ("groups", "ListGroups", "/groups"),
        (
            "groups/{id}/members",
            "ListGroupMembers {id}",
            "/groups/{id}/transitiveMembers/microsoft.graph.user",
        ),
        ("licenses/assigned", "CountAssignedLicenses", "/users"),
    ],
)
def test_a_cursor_with_a_link_of_ones_own_is_no_page(
    system: System, path: str, route: str, of: str, link: Any
) -> None:
    group_id = system.graph.control.group_named("Sales Germany")
    if isinstance(link, str):
        link = link.format(graph=system.graph.endpoint, list=of.format(id=group_id))
    made = cursor.encode(route.format(id=group_id), {"link": link})
    assert_no_page(system.host.api.get(path.format(id=group_id), cursor=made))


@pytest.mark.parametrize(
    ("path", "route"),
    [("jobs", "ListJobs"), ("audit", "ListAudit"), ("temporary-licenses", "ListTemporaryLicenses")],
)
@pytest.mark.parametrize("after", [5, [], "\ud800"], ids=ascii)
def test_a_cursor_behind_no_text_is_no_page(system: System, path: str, route: str, after: object) -> None:
    made = cursor.encode(route, {"after": after})
    assert_no_page(system.host.api.get(path, cursor=made))


def test_a_page_that_graph_keeps_no_longer_is_the_callers_to_begin_anew(system: System) -> None:
    api, control = system.host.api, system.graph.control
    control.reset("empty")
    (group_id,) = control.seed(
        skus=[{"skuPartNumber": "POWER_BI_PRO", "enabled": 10_000}],
        groups=[{"displayName": "First"}],
        bulk=[{"displayName": "Second", "users": 6_000, "licenses": [{"skuId": POWER_BI}]}],
    )["groupIds"][-1:]
    lists = ("groups?pageSize=1", f"groups/{group_id}/members?pageSize=1", "licenses/assigned")
    links = [api.read(path)["nextLink"] for path in lists]
    control.expire_pages()
    for link in links:
        answer = api.get(link)
        assert_no_page(answer)
        assert "Begin at the first page." in answer.json()["error"]["message"]
        assert "Retry-After" not in answer.headers


def test_a_group_whose_page_was_lost_while_it_is_counted_is_read_from_the_start(system: System) -> None:
    api, control = system.host.api, system.graph.control
    control.reset("empty")
    (group_id,) = control.seed(
        skus=[{"skuPartNumber": "POWER_BI_PRO", "enabled": 10_000}],
        bulk=[{"displayName": "All", "users": 2_500, "licenses": [{"skuId": POWER_BI}]}],
    )["groupIds"]
    lost = {"kind": "status", "status": 400, "code": "Directory_ExpiredPageToken"}
    control.add_faults({**lost, "path": "transitiveMembers", "skip": 2, "times": 1})
    answer = api.post("licenses/assigned", {"groupIds": [group_id]}).json()
    assert (answer["usersRead"], answer["complete"]) == (2_500, True)
    assert [license_["users"] for license_ in answer["value"]] == [2_500]
