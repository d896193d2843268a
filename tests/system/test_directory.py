"""What the pickers show, over HTTP, from the default tenant."""

import pytest

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
