"""Undo: every user is as before the job, but for what somebody changed since; and undo of undo is as after it."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.conftest import SystemStarter
from tests.support.system import System
from tests.system.checks import check_job
from tests.system.tenants import (
    OFFICE_E3,
    POWER_BI,
    SWAY_PLAN,
    TEAMS_PLAN,
    VISIO,
    Tenant,
    direct,
    holds,
    mixed_tenant,
    states,
)

Json = dict[str, Any]
pytestmark = pytest.mark.system

READ_DELAY_SECONDS = 4
NOBODYS_ID = "00000000-0000-4000-8000-0000000000ff"

ACTIONS: dict[str, Json] = {
    "assign": {"action": "assign", "licenses": [{"skuId": VISIO}, {"skuId": POWER_BI}]},
    "assign with other plans and a location": {
        "action": "assign",
        "licenses": [{"skuId": OFFICE_E3, "disabledPlans": [TEAMS_PLAN]}],
        "usageLocation": "FR",
    },
    "remove": {"action": "remove", "licenses": [{"skuId": VISIO}, {"skuId": OFFICE_E3}], "confirm": True},
    "replace": {
        "action": "replace",
        "replaces": [OFFICE_E3],
        "licenses": [{"skuId": POWER_BI}],
        "usageLocation": "DE",
        "confirm": True,
    },
    "replace all": {
        "action": "replace",
        "replaces": "all",
        "licenses": [{"skuId": VISIO}],
        "keepDisabledPlans": True,
        "confirm": True,
    },
}


@pytest.fixture
def tenant(system: System) -> Tenant:
    return mixed_tenant(system.control)


def everybody(tenant: Tenant, body: Json) -> Json:
    return {**body, "groupIds": [tenant.groups["Europe"], tenant.groups["Berlin"]]}


def in_germany(tenant: Tenant, body: Json) -> Json:
    return {**body, "groupIds": [tenant.groups["Germany"]]}


def undo(system: System, job: Json, status: str | None = "Finished", within: float = 60.0) -> Json:
    """The job that undid another, once it has ended; checked against the simulator's change log."""
    since = len(system.control.changes())
    undone = system.api.wait(system.api.undo(job["id"], confirm=True)["id"], within, status)
    check_job(system.api, system.control, undone, since)
    assert (undone["action"], undone["undoOf"]) == ("undo", job["id"])
    assert system.api.job(job["id"])["undoneBy"] == undone["id"]
    return undone


def outcomes(system: System, job: Json) -> dict[str, tuple[str, str | None]]:
    return {item["displayName"]: (item["status"], item["reason"]) for item in system.api.items(job["id"])}


def error(system: System, path: str, status: int, body: Json | None = None) -> str:
    answer = system.api.post(path, body)
    assert answer.status_code == status, answer.text
    return str(answer.json()["error"]["code"])


# --- as before, as after ----------------------------------------------------------------------------------


@pytest.mark.parametrize("body", [pytest.param(body, id=name) for name, body in ACTIONS.items()])
def test_undo_brings_everybody_back_and_undo_of_undo_to_after(
    system: System, tenant: Tenant, body: Json
) -> None:
    before = states(system.control, tenant)
    job = system.api.run(everybody(tenant, body))
    after = states(system.control, tenant)
    assert job["counts"]["changed"] > 1

    undone = undo(system, job)

    # a location that was empty cannot be emptied again
    located = {"no location"} if "usageLocation" in body else set()
    expected = {
        name: {**state, "usageLocation": after[name]["usageLocation"]} if name in located else state
        for name, state in before.items()
    }
    assert states(system.control, tenant) == expected
    kept = {item["displayName"] for item in system.api.items(undone["id"], warning="LocationKept")}
    assert kept == located
    changed = [item for item in system.api.items(job["id"]) if item["added"] or item["removed"]]
    assert undone["progress"]["total"] >= len(changed)

    undo(system, undone)
    assert states(system.control, tenant) == after


def test_only_what_the_job_changed_is_undone(system: System, tenant: Tenant) -> None:
    """Failed users too, where something was changed; nobody else is an item."""
    job = system.api.run(everybody(tenant, ACTIONS["remove"]), status="FinishedWithException")
    changed = {i["displayName"] for i in system.api.items(job["id"]) if i["added"] or i["removed"]}
    undone = undo(system, job)
    assert set(outcomes(system, undone)) == changed == {"direct", "both", "office", "office and visio"}


def test_a_job_that_carried_out_a_plan_can_be_undone(system: System, tenant: Tenant) -> None:
    before = states(system.control, tenant)
    plan = system.api.run(everybody(tenant, {**ACTIONS["replace all"], "dryRun": True}))
    job = system.api.run({"plan": plan["id"], "confirm": True})
    assert states(system.control, tenant) != before
    undo(system, job)
    assert states(system.control, tenant) == before


# --- what somebody changed since --------------------------------------------------------------------------


def test_what_was_changed_since_is_left_and_reported(system: System, tenant: Tenant) -> None:
    control, users = system.control, tenant.users
    office = {"skuId": OFFICE_E3, "disabledPlans": [SWAY_PLAN]}
    body = {
        "action": "assign",
        "licenses": [office, {"skuId": VISIO}, {"skuId": POWER_BI}],
        "usageLocation": "FR",
    }
    job = system.api.run(everybody(tenant, body), status="Finished")
    control.patch_user(users["none"], licenses=[direct(VISIO), direct(POWER_BI)])  # Office taken by hand
    control.patch_user(  # other plans of Office
        users["direct"], licenses=[direct(OFFICE_E3, TEAMS_PLAN), direct(VISIO), direct(POWER_BI)]
    )
    control.patch_user(users["guest"], usageLocation="IT")

    undone = undo(system, job)

    found = outcomes(system, undone)
    assert found["none"] == found["direct"] == found["guest"] == ("changed", "ChangedSince")
    assert found["disabled"] == ("changed", None)
    assert holds(control.user(users["none"])) == {}
    assert holds(control.user(users["direct"])) == {OFFICE_E3: [TEAMS_PLAN], VISIO: []}
    assert control.user(users["guest"])["usageLocation"] == "IT"
    assert control.user(users["no location"])["usageLocation"] == "FR"
    (since,) = [warning for warning in undone["warnings"] if warning["code"] == "ChangedSince"]
    assert since["users"] == 3
    assert found["no location"] == ("changed", "LocationKept")


def test_what_was_given_back_by_hand_stays_as_it_is(system: System, tenant: Tenant) -> None:
    job = system.api.run(in_germany(tenant, ACTIONS["remove"]))
    system.control.patch_user(tenant.users["office"], licenses=[direct(OFFICE_E3, TEAMS_PLAN)])
    undone = undo(system, job)
    assert outcomes(system, undone)["office"] == ("unchanged", "ChangedSince")
    assert holds(system.control.user(tenant.users["office"])) == {OFFICE_E3: [TEAMS_PLAN]}


def test_too_few_units_to_give_back_fail_the_rest_with_figures(system: System, tenant: Tenant) -> None:
    job = system.api.run(everybody(tenant, {**ACTIONS["remove"], "licenses": [{"skuId": OFFICE_E3}]}))
    system.control.patch_sku(OFFICE_E3, enabled=1)
    undone = undo(system, job, status="FinishedWithException")
    assert (undone["counts"]["changed"], undone["counts"]["failed"]) == (1, 1)
    (failed,) = system.api.items(undone["id"], status="failed")
    assert failed["reason"] == "NoAvailableLicenses"
    assert "1 of 1 in use" in failed["error"]["message"]
    assert undone["demand"][0]["shortage"] == 1
    system.control.patch_sku(OFFICE_E3, enabled=2)
    system.api.start(undone["id"])
    system.api.wait(undone["id"], status="Finished")


# --- temporary licences -----------------------------------------------------------------------------------


def test_a_temporary_licence_goes_with_its_grant_and_comes_back_with_its_expiry(
    system: System, tenant: Tenant
) -> None:
    temporary = {**ACTIONS["assign"], "expiresIn": {"value": 1, "unit": "months"}}
    given = system.api.run(in_germany(tenant, temporary), status="Finished")
    grants = grant_ends(system)
    assert len(grants) > 2

    removal = {"action": "remove", "licenses": ACTIONS["assign"]["licenses"], "confirm": True}
    removed = system.api.run(in_germany(tenant, removal))
    assert grant_ends(system) == {}
    undo(system, removed)
    assert grant_ends(system) == grants

    undo(system, given)
    assert grant_ends(system) == {}


def test_an_expiry_that_a_job_moved_moves_back(system: System, tenant: Tenant) -> None:
    def give(months: int) -> Json:
        temporary = {**ACTIONS["assign"], "expiresIn": {"value": months, "unit": "months"}}
        return system.api.run(in_germany(tenant, temporary), status="Finished")

    give(1)
    first = grant_ends(system)
    moved = give(2)
    assert grant_ends(system).keys() == first.keys()
    assert all(grant_ends(system)[key] > end for key, end in first.items())
    before = len(system.control.changes())

    undone = system.api.wait(system.api.undo(moved["id"], confirm=True)["id"], status="Finished")

    assert grant_ends(system) == first
    assert undone["counts"]["changed"] == moved["counts"]["changed"]
    assert len(system.control.changes()) == before, "only our record moves"


def grant_ends(system: System) -> dict[tuple[str, str], str]:
    """When the running grants expire, by user and SKU."""
    return {
        (grant["user"]["id"], grant["license"]["skuId"]): grant["expiresAt"] for grant in system.api.grants()
    }


# --- what cannot be undone, and by whom -------------------------------------------------------------------


def test_what_changed_nothing_cannot_be_undone(system: System, tenant: Tenant) -> None:
    dry = system.api.run(in_germany(tenant, {**ACTIONS["assign"], "dryRun": True}))
    export = system.api.run(
        {"action": "export", "groupIds": [tenant.groups["Germany"]], "export": {"format": "csv"}}
    )
    idle = system.api.run(
        in_germany(tenant, {"action": "remove", "licenses": [{"skuId": POWER_BI}], "confirm": True})
    )
    for job in (dry, export, idle):
        assert error(system, f"jobs/{job['id']}/undo", 409, {"confirm": True}) == "JobNotUndoable"
    assert error(system, f"jobs/{NOBODYS_ID}/undo", 404, {"confirm": True}) == "JobNotFound"


def test_a_yes_is_asked_for_where_the_undo_removes(system: System, tenant: Tenant) -> None:
    given = system.api.run(in_germany(tenant, ACTIONS["assign"]))
    path = f"jobs/{given['id']}/undo"
    assert error(system, path, 409) == error(system, path, 409, {"confirm": False}) == "ConfirmationRequired"
    removed = system.api.run(in_germany(tenant, ACTIONS["remove"]))
    system.api.wait(system.api.undo(removed["id"])["id"], status="Finished")


def test_a_job_is_undone_by_one_at_a_time_and_not_while_it_runs(system: System, tenant: Tenant) -> None:
    system.control.set_latency(300)
    job = system.api.submit(everybody(tenant, ACTIONS["assign"]))
    assert error(system, f"jobs/{job['id']}/undo", 409, {"confirm": True}) == "JobRunning"
    job = system.api.wait(job["id"])

    apis = [system.host.api for _ in range(4)]
    with ThreadPoolExecutor(len(apis)) as threads:
        path = f"jobs/{job['id']}/undo"
        answers = list(threads.map(lambda api: api.post(path, {"confirm": True}), apis))

    assert sorted(answer.status_code for answer in answers) == [202, 409, 409, 409]
    assert {a.json()["error"]["code"] for a in answers if a.status_code == 409} == {"UndoRunning"}
    system.control.set_latency(0)
    (undoing,) = [answer.json() for answer in answers if answer.status_code == 202]
    system.api.wait(undoing["id"], status="Finished")
    assert system.api.job(job["id"])["undoneBy"] == undoing["id"]

    again = system.api.wait(system.api.undo(job["id"], confirm=True)["id"], status="Finished")
    assert again["counts"]["changed"] == 0
    assert {item["reason"] for item in system.api.items(again["id"])} == {"ChangedSince"}


def test_the_same_key_is_the_same_undo(system: System, tenant: Tenant) -> None:
    job = system.api.run(in_germany(tenant, ACTIONS["assign"]))
    path = f"jobs/{job['id']}/undo"
    first = system.api.post(path, {"confirm": True}, Idempotency_Key="undo")
    again = system.api.post(path, {"confirm": True}, Idempotency_Key="undo")
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json()["id"] == again.json()["id"]
    assert again.headers["Idempotent-Replayed"] == "true"
    other = system.api.post(path, {"confirm": True, "note": "other"}, Idempotency_Key="undo")
    assert other.json()["error"]["code"] == "IdempotencyKeyReused"
    system.api.wait(first.json()["id"], status="Finished")


# --- right after the job ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def lagging(start_system: SystemStarter) -> System:
    """A system that knows how far Graph's reads lag."""
    return start_system({"GRAPH_READ_DELAY_SECONDS": str(READ_DELAY_SECONDS)})


@pytest.mark.parametrize("name", ["assign with other plans and a location", "remove", "replace"])
def test_undo_right_after_the_job_though_reads_lag(lagging: System, name: str) -> None:
    lagging.clean()
    tenant = mixed_tenant(lagging.control)
    control = lagging.control
    control.patch_user(tenant.users["no location"], usageLocation="DE")
    before = states(control, tenant)
    control.set_lag(read_after_write=READ_DELAY_SECONDS - 1, usage_location=0, members=READ_DELAY_SECONDS - 1)

    job = lagging.api.run(everybody(tenant, ACTIONS[name]))
    after = states(control, tenant)
    undone = undo(lagging, job)
    assert states(control, tenant) == before

    undo(lagging, undone)
    assert states(control, tenant) == after
