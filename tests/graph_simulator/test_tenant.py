"""The default tenant: its story, and that it follows from the seed; the building blocks for large ones."""

import pytest

from local.graph.intervals import Intervals
from local.graph.model import User
from local.graph.rules import conflicts
from local.graph.state import Tenant
from local.graph.tenant import HOSTILE_NAMES, group_id, make_tenant
from tests.graph_simulator.in_process import EVENTUAL, LocalGraph


@pytest.fixture(scope="module")
def contoso() -> Tenant:
    return make_tenant("default", 1)


def fingerprint(tenant: Tenant) -> list[object]:
    users = [
        (user.id, user.display_name, user.licenses, user.usage_location) for user in tenant.users.values()
    ]
    return [users, [(group.id, list(group.members.ids)) for group in tenant.groups.values()]]


def test_the_same_seed_makes_the_same_tenant_and_the_groups_keep_their_ids(contoso: Tenant) -> None:
    assert fingerprint(make_tenant("default", 1)) == fingerprint(contoso)
    other = make_tenant("default", 2)
    assert set(other.users).isdisjoint(contoso.users)
    assert list(other.groups) == list(contoso.groups)
    assert group_id("Sales Germany") in other.groups


def test_the_same_calls_have_the_same_answers() -> None:
    def run() -> list[bytes]:
        graph = LocalGraph("default", 5)
        try:
            paths = ("/groups?$top=5", "/users?$top=3&$select=id,displayName", "/users/nobody")
            batch = {"requests": [{"id": str(n), "method": "GET", "url": "/organization"} for n in range(9)]}
            answers = [graph.get(path).content for path in paths]
            return [*answers, graph.call("POST", "/$batch", batch).content]
        finally:
            graph.close()

    assert run() == run()


def test_its_people(contoso: Tenant) -> None:
    users = list(contoso.users.values())
    assert len(users) == 2000
    assert len(contoso.upns) == 2000
    assert sum(user.user_type == "Guest" for user in users) == 60
    assert sum(not user.account_enabled for user in users) == 40
    assert sum(user.usage_location is None and user.user_type == "Member" for user in users) > 20
    assert set(HOSTILE_NAMES) <= {user.display_name for user in users}
    assert any(item.disabled for user in users for item in user.licenses if item.group_id is None)


def test_its_licenses_hold_together(contoso: Tenant) -> None:
    by_name = {sku.part_number: sku for sku in contoso.skus.values()}
    assert (by_name["VISIOCLIENT"].free_units, by_name["POWER_BI_PRO"].free_units) == (0, 2)
    assert (by_name["WORKPLACE_ANALYTICS"].status, by_name["WINDOWS_STORE"].applies_to) == (
        "Suspended",
        "Company",
    )
    for sku in contoso.skus.values():
        held = sum(
            any(i.sku_id == sku.sku_id and i.counts for i in user.licenses) for user in contoso.users.values()
        )
        assert sku.consumed == held, sku.part_number
        assert sku.consumed <= sku.enabled + sku.warning + sku.suspended, sku.part_number
    assert all(conflicts(contoso, user.licenses) == [] for user in contoso.users.values())
    errors = {item.error for user in contoso.users.values() for item in user.licenses}
    assert errors == {"None", "CountViolation", "MutuallyExclusiveViolation"}
    e3 = by_name["ENTERPRISEPACK"].sku_id
    sources = [{i.group_id for i in user.licenses if i.sku_id == e3} for user in contoso.users.values()]
    assert any(None in held and len(held) > 1 for held in sources), "held directly and inherited"
    assert any(held and None not in held for held in sources), "inherited only"


def test_its_groups(contoso: Tenant) -> None:
    groups = list(contoso.groups.values())
    assert len(groups) >= 40
    assert {group.kind for group in groups} == {
        "security",
        "microsoft365",
        "mailEnabledSecurity",
        "distribution",
    }
    assert any(group.dynamic for group in groups)
    assert len(contoso.groups[group_id("All Employees")].members.ids) > 1500
    assert not contoso.groups[group_id("Project Aurora")].members.ids
    germany, europe, berlin = (
        contoso.groups[group_id(n)] for n in ("Sales Germany", "Sales Europe", "Berlin Office")
    )
    assert germany.id in europe.members.ids
    assert 0 < len(set(germany.members.ids) & set(berlin.members.ids)) < len(germany.members.ids)
    devices = contoso.groups[group_id("Managed Devices")]
    kinds = {type(contoso.find_object(key)).__name__ for key in devices.members.ids}
    assert kinds == {"OtherObject", "Group", "User"}


def test_devices_and_contacts_are_no_users() -> None:
    graph = LocalGraph("default")
    try:
        path = f"/groups/{group_id('Managed Devices')}/transitiveMembers"
        everything = graph.get(path).json["value"]
        kinds = {item["@odata.type"] for item in everything}
        assert kinds == {"#microsoft.graph.user", "#microsoft.graph.group", "#microsoft.graph.device"}
        users = graph.get(f"{path}/microsoft.graph.user?$count=true", **EVENTUAL).json
        assert users["@odata.count"] == len(users["value"]) == 5
        count = graph.get(f"{path}/microsoft.graph.user/$count", **EVENTUAL).content
        assert count == b"5"
    finally:
        graph.close()


def test_ids_of_users_made_in_bulk_lead_back_to_them() -> None:
    bulk = Tenant(3).bulk
    bulk.add(0, 5000, "DE", [])
    ids = [bulk.id_of(number) for number in range(5000)]
    assert len(set(ids)) == 5000
    assert [bulk.number_of(key) for key in ids] == list(range(5000))
    strangers = [bulk.id_of(5000), "no guid", "11111111-2222-4333-9444-555555555555"]
    assert [bulk.number_of(key) for key in strangers] == [None] * 3
    user = bulk.by_name(bulk.user_at(77).user_principal_name)
    assert isinstance(user, User)
    assert user.id == ids[77]


RANGES: list[tuple[list[tuple[int, int]], list[tuple[int, int]]]] = [
    ([], []),
    ([(3, 3)], []),
    ([(5, 9), (0, 5)], [(0, 9)]),
    ([(0, 2), (4, 6)], [(0, 2), (4, 6)]),
    ([(0, 9), (2, 4)], [(0, 9)]),
]


@pytest.mark.parametrize(("ranges", "merged"), RANGES)
def test_intervals_merge(ranges: list[tuple[int, int]], merged: list[tuple[int, int]]) -> None:
    intervals = Intervals(ranges)
    numbers = {number for start, stop in ranges for number in range(start, stop)}
    assert intervals.ranges() == merged
    assert len(intervals) == len(numbers)
    assert list(intervals.numbers_from(3)) == sorted(number for number in numbers if number >= 3)
    for number in range(-1, 11):
        assert (number in intervals) == (number in numbers)
        assert set(intervals.without(number).numbers_from(-1)) == numbers - {number}
    missing = [number for start, stop in intervals.missing_in(0, 10) for number in range(start, stop)]
    assert missing == [number for number in range(10) if number not in numbers]
