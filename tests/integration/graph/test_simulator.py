"""The client against the simulated Graph, over HTTP, with its rules and its faults."""

from __future__ import annotations

import io
from dataclasses import dataclass

import pytest
import requests

from shared.errors import GraphError, LastingGraphError, PassingGraphError
from shared.graph.directory import Group, Member
from shared.graph.errors import ExpiredPageToken
from shared.graph.users import LicenseChange, WriteResult
from shared.models import AddedLicense, Catalog, HeldLicense, LicenseRequest, Sku, UserState
from tests.integration.graph.conftest import Client
from tests.support.eventually import eventually
from tests.support.graph import GraphControl, GraphSimulator

NOBODY = "00000000-0000-4000-8000-0000000000ff"


@dataclass(frozen=True)
class Tenant:
    """A small tenant, and the client that is tried on it."""

    client: Client
    control: GraphControl
    catalog: Catalog

    def sku(self, part_number: str) -> Sku:
        return next(sku for sku in self.catalog.values() if sku.sku_part_number == part_number)

    def user(self, *part_numbers: str, location: str | None = "DE") -> str:
        """A new user who holds these licences directly."""
        licenses = [{"skuId": self.sku(part_number).sku_id} for part_number in part_numbers]
        made = self.control.seed(users=[{"usageLocation": location, "licenses": licenses}])
        return str(made["userIds"][0])

    def state(self, user_id: str) -> UserState:
        state = self.client.users.read_users([user_id])[user_id]
        assert isinstance(state, UserState), state
        return state

    def assign(self, user_id: str, *part_numbers: str, disabled: tuple[str, ...] = ()) -> WriteResult:
        added = tuple(AddedLicense(self.sku(name).sku_id, disabled) for name in part_numbers)
        return self.client.users.assign_licenses([LicenseChange(user_id, added)])[user_id]

    def remove(self, user_id: str, *part_numbers: str) -> WriteResult:
        gone = tuple(self.sku(name).sku_id for name in part_numbers)
        return self.client.users.assign_licenses([LicenseChange(user_id, remove=gone)])[user_id]


@pytest.fixture
def tenant(client: Client, graph: GraphSimulator) -> Tenant:
    graph.control.set_lag(read_after_write=0, usage_location=0)
    enabled = {
        "ENTERPRISEPACK": 50,
        "STANDARDPACK": 50,
        "SHAREPOINTSTANDARD": 50,
        "PROJECTPROFESSIONAL": 50,
        "WORKPLACE_ANALYTICS": 50,
        "VISIOCLIENT": 1,
    }
    graph.control.seed(skus=[{"skuPartNumber": name, "enabled": units} for name, units in enabled.items()])
    return Tenant(client, graph.control, client.directory.subscribed_skus())


def failed(result: WriteResult) -> GraphError:
    assert result.error is not None
    return result.error


# --- the catalog and the directory ------------------------------------------------------------------------


def test_the_catalog_has_units_and_plans(tenant: Tenant) -> None:
    tenant.user("VISIOCLIENT")
    visio = next(
        sku
        for sku in tenant.client.directory.subscribed_skus().values()
        if sku.sku_part_number == "VISIOCLIENT"
    )

    assert (visio.enabled, visio.consumed, visio.available) == (1, 1, 0)
    assert (visio.capability_status, visio.applies_to) == ("Enabled", "User")
    assert {plan.service_plan_name for plan in visio.service_plans} == {
        "EXCHANGE_S_FOUNDATION",
        "ONEDRIVE_BASIC",
        "VISIO_CLIENT_SUBSCRIPTION",
        "VISIOONLINE",
    }


def test_groups_are_found_by_word_or_address_and_read_by_id(tenant: Tenant) -> None:
    made = tenant.control.seed(groups=[{"displayName": name} for name in ("Sales West", "West", "Finance")])
    directory = tenant.client.directory

    assert [group.display_name for group in directory.find_groups("west").groups] == ["Sales West", "West"]
    assert [group.display_name for group in directory.find_groups().groups] == [
        "Finance",
        "Sales West",
        "West",
    ]
    assert directory.find_groups('no "such" \\ group').groups == []

    post = tenant.control.seed(groups=[{"displayName": "Post", "kind": "microsoft365"}])["groupIds"][0]
    assert [group.display_name for group in directory.find_groups(f"{post[:8]}@Contoso").groups] == ["Post"]
    assert directory.find_groups("contoso.com").groups == []
    tenant.control.delete_group(post)

    first = directory.find_groups(page_size=2)
    assert [len(first.groups), first.next_link is None] == [2, False]
    rest = directory.find_groups(next_link=first.next_link)
    assert [[group.display_name for group in rest.groups], rest.next_link] == [["West"], None]

    found = directory.groups_by_id([*made["groupIds"], NOBODY])
    assert isinstance(found[made["groupIds"][0]], Group)
    missing = found[NOBODY]
    assert isinstance(missing, LastingGraphError)
    assert missing.code == "GroupNotFound"
    assert directory.group_names([made["groupIds"][2], NOBODY]) == {made["groupIds"][2]: "Finance"}


def test_members_are_read_in_pages_without_doubles(tenant: Tenant) -> None:
    made = tenant.control.seed(bulk=[{"displayName": "All", "users": 1200, "usageLocation": "DE"}])
    (group_id,) = made["groupIds"]
    directory = tenant.client.directory

    first = directory.member_page(group_id)
    assert first.next_link is not None
    second = directory.member_page(group_id, first.next_link)

    assert [len(first.members), len(second.members), second.next_link] == [999, 201, None]
    assert len({member.user_id for member in [*first.members, *second.members]}) == 1200
    assert all(isinstance(member, Member) and member.account_enabled for member in first.members)

    states = directory.member_states_page(group_id, page_size=5)
    assert [len(states.members), states.next_link is None] == [5, False]
    for member, state in states.members:
        assert (member.user_id, state.usage_location) == (state.user_id, "DE")


def test_a_group_that_is_gone_says_so(tenant: Tenant) -> None:
    with pytest.raises(LastingGraphError) as raised:
        tenant.client.directory.member_page(NOBODY)
    assert raised.value.code == "GroupNotFound"


# --- licences and locations -------------------------------------------------------------------------------


def test_a_license_is_given_changed_and_taken(tenant: Tenant) -> None:
    user_id = tenant.user()
    pack = tenant.sku("ENTERPRISEPACK")
    plan = pack.service_plans[0].service_plan_id

    assert tenant.assign(user_id, "ENTERPRISEPACK", disabled=(plan,)).error is None
    assert tenant.state(user_id).licenses == (HeldLicense(pack.sku_id, disabled_plans=(plan,)),)

    assert tenant.assign(user_id, "ENTERPRISEPACK").error is None
    assert tenant.state(user_id).licenses == (HeldLicense(pack.sku_id),)

    assert tenant.remove(user_id, "ENTERPRISEPACK").error is None
    assert tenant.state(user_id).licenses == ()


def test_a_swap_is_one_call(tenant: Tenant) -> None:
    user_id = tenant.user("STANDARDPACK")
    change = LicenseChange(
        user_id, (AddedLicense(tenant.sku("ENTERPRISEPACK").sku_id),), (tenant.sku("STANDARDPACK").sku_id,)
    )

    assert tenant.client.users.assign_licenses([change])[user_id].error is None
    assert [held.sku_id for held in tenant.state(user_id).licenses] == [tenant.sku("ENTERPRISEPACK").sku_id]


def test_a_location_is_set(tenant: Tenant) -> None:
    user_id = tenant.user(location=None)
    assert tenant.state(user_id).usage_location is None

    results = tenant.client.users.set_usage_locations([(user_id, "FR"), (NOBODY, "FR")])

    assert results[user_id].error is None
    assert failed(results[NOBODY]).code == "UserNotFound"
    assert tenant.state(user_id).usage_location == "FR"


def test_refusals_are_known_by_graphs_own_words(tenant: Tenant) -> None:
    tenant.user("VISIOCLIENT")
    cases = {
        "NoAvailableLicenses": tenant.assign(tenant.user(), "VISIOCLIENT"),
        "UsageLocationInvalid": tenant.assign(tenant.user(location=None), "ENTERPRISEPACK"),
        "NotHeld": tenant.remove(tenant.user(), "ENTERPRISEPACK"),
        "ServicePlanConflict": tenant.assign(tenant.user("ENTERPRISEPACK"), "SHAREPOINTSTANDARD"),
        "ServicePlanDependency": tenant.assign(tenant.user(), "WORKPLACE_ANALYTICS"),
        "UserNotFound": tenant.assign(NOBODY, "ENTERPRISEPACK"),
    }
    for code, result in cases.items():
        error = failed(result)
        assert isinstance(error, LastingGraphError), error.message
        assert error.code == code, error.message
        assert error.graph_request_id

    bad_location = tenant.client.users.set_usage_locations([(tenant.user(), "XX")])
    assert [failed(result).code for result in bad_location.values()] == ["UsageLocationInvalid"]


def test_many_are_changed_in_few_calls(tenant: Tenant) -> None:
    ids = [tenant.user() for _ in range(41)]
    tenant.control.reset_stats()
    calls = tenant.client.transport.counts.calls
    added = (AddedLicense(tenant.sku("ENTERPRISEPACK").sku_id),)

    results = tenant.client.users.assign_licenses([LicenseChange(user_id, added) for user_id in ids])

    assert [result.error for result in results.values()] == [None] * 41
    assert tenant.client.transport.counts.calls - calls == 3


def test_what_a_group_gives_is_inherited_and_cannot_be_taken_from_the_user(tenant: Tenant) -> None:
    user_id, clashing = tenant.user(), tenant.user("STANDARDPACK")
    pack = tenant.sku("ENTERPRISEPACK")
    plans = tuple(sorted(plan.service_plan_id for plan in pack.service_plans[:2]))
    made = tenant.control.seed(
        groups=[
            {
                "displayName": "Gives",
                "members": [user_id, clashing],
                "assignedLicenses": [{"skuId": pack.sku_id, "disabledPlans": list(plans)}],
            }
        ]
    )
    (group_id,) = made["groupIds"]

    state = eventually(lambda: tenant.state(user_id), lambda found: found.held(pack.sku_id) is not None)
    inherited = HeldLicense(pack.sku_id, direct=False, inherited_from=(group_id,))
    assert state.held(pack.sku_id) == inherited
    assert state.inherited_disabled_plans == {pack.sku_id: plans}
    assert failed(tenant.remove(user_id, "ENTERPRISEPACK")).code == "LicenseInherited"

    assert [held.sku_id for held in tenant.state(clashing).licenses] == [tenant.sku("STANDARDPACK").sku_id]

    group = tenant.client.directory.groups_by_id([group_id])[group_id]
    assert isinstance(group, Group)
    assert group.assigned_licenses == (LicenseRequest(pack.sku_id, plans),)


# --- faults -----------------------------------------------------------------------------------------------


def order(graph: GraphSimulator, method: str, path: str, body: object = None) -> None:
    """A control call."""
    answer = requests.request(method, f"{graph.base_url}/_control/{path}", json=body or {}, timeout=20)
    assert answer.ok, answer.text


def fail_once(graph: GraphSimulator, **fault: object) -> None:
    order(graph, "POST", "faults", {"faults": [{"method": "POST", "times": 1, **fault}]})


def test_a_revoked_token_is_renewed(tenant: Tenant, graph: GraphSimulator) -> None:
    user_id = tenant.user()
    tenant.state(user_id)
    order(graph, "POST", "tokens/revoke")

    calls = tenant.client.transport.counts.calls
    assert tenant.assign(user_id, "ENTERPRISEPACK").error is None
    assert tenant.client.transport.counts.calls - calls == 2
    assert len(tenant.state(user_id).licenses) == 1


@pytest.mark.parametrize("permission", ["LicenseAssignment.ReadWrite.All", "User.Read.All"])
def test_a_missing_permission_is_named(tenant: Tenant, graph: GraphSimulator, permission: str) -> None:
    user_id = tenant.user()
    order(graph, "PUT", "permissions", {"withhold": [permission]})

    error: object
    if permission == "User.Read.All":
        error = tenant.client.users.read_users([user_id])[user_id]
    else:
        error = tenant.assign(user_id, "ENTERPRISEPACK").error
    assert isinstance(error, LastingGraphError)
    assert error.code == "Forbidden"
    assert permission in error.message


def test_a_throttled_part_tells_how_long(tenant: Tenant, graph: GraphSimulator) -> None:
    user_id = tenant.user()
    fail_once(graph, path="assignLicense", scope="subrequest", kind="status", status=429, retryAfter=2.5)

    error = failed(tenant.assign(user_id, "ENTERPRISEPACK"))
    assert isinstance(error, PassingGraphError)
    assert (error.code, error.retry_after, error.outcome_unknown) == ("Throttled", 2.5, False)
    assert tenant.assign(user_id, "ENTERPRISEPACK").error is None


@pytest.mark.parametrize("kind", ["drop", "malformed", "status"])
@pytest.mark.parametrize("scope", ["call", "subrequest"])
def test_a_lost_answer_is_unknown_and_the_next_reading_tells(
    tenant: Tenant, graph: GraphSimulator, kind: str, scope: str
) -> None:
    user_id = tenant.user()
    path = r"^/\$batch$" if scope == "call" else "assignLicense"
    fail_once(graph, path=path, scope=scope, kind=kind, status=504, commit=True)

    error = failed(tenant.assign(user_id, "ENTERPRISEPACK"))
    assert isinstance(error, PassingGraphError)
    assert error.outcome_unknown
    assert len(tenant.state(user_id).licenses) == 1


def test_an_expired_page_token_asks_for_a_new_listing(tenant: Tenant, graph: GraphSimulator) -> None:
    (group_id,) = tenant.control.seed(bulk=[{"displayName": "All", "users": 1000}])["groupIds"]
    first = tenant.client.directory.member_page(group_id)
    order(graph, "POST", "tokens/expire-pages")

    with pytest.raises(ExpiredPageToken):
        tenant.client.directory.member_page(group_id, first.next_link)


# --- files ------------------------------------------------------------------------------------------------


def test_a_file_is_stored_and_replaced(tenant: Tenant, graph: GraphSimulator) -> None:
    for content in (b"0123456789" * 700_000, b"short"):
        item = tenant.client.drive.upload("b!drive", "Reports", "a b.csv", io.BytesIO(content), len(content))
        assert item.id
        stored = requests.get(
            f"{graph.base_url}/_control/drives/b!drive/content",
            params={"path": "Reports/a b.csv"},
            timeout=20,
        )
        assert stored.content == content
