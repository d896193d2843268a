"""Carrying out a dry run: exactly what it said, once, within a day, and nobody who changed since."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.eventually import eventually
from tests.support.system import System
from tests.system.checks import check_job
from tests.system.records import age, change_record
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
)

Json = dict[str, Any]
pytestmark = pytest.mark.system

NOBODYS_ID = "00000000-0000-4000-8000-0000000000ff"
SAID = ("status", "reason", "added", "removed", "usageLocation", "warnings", "groupIds")


@pytest.fixture
def tenant(system: System) -> Tenant:
    return mixed_tenant(system.control)


def assign(tenant: Tenant, *groups: str, **more: object) -> Json:
    return {
        "action": "assign",
        "groupIds": [tenant.groups[name] for name in groups],
        "licenses": [{"skuId": VISIO}],
        **more,
    }


def dry_run(system: System, body: Json) -> Json:
    return system.api.run({**body, "dryRun": True})


def said(system: System, job: Json) -> dict[str, Json]:
    """What the items of a job tell of each user, but for how often and when."""
    return {
        user_id: {name: item[name] for name in SAID}
        for user_id, item in system.api.items_by_user(job["id"]).items()
    }


def error(system: System, body: Json, status: int = 409, **headers: str) -> str:
    """The code with which a request is refused; it leaves no job behind."""
    before = len(system.api.all("jobs"))
    answer = system.api.post("jobs", body, **headers)
    assert answer.status_code == status, answer.text
    assert len(system.api.all("jobs")) == before
    return str(answer.json()["error"]["code"])


# --- it does what the dry run said ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"action": "assign", "licenses": [{"skuId": VISIO}]}, id="assign"),
        pytest.param(
            {
                "action": "assign",
                "licenses": [{"skuId": OFFICE_E3, "disabledPlans": [TEAMS_PLAN]}, {"skuId": POWER_BI}],
                "usageLocation": "FR",
            },
            id="assign with plans and location",
        ),
        pytest.param(
            {"action": "remove", "licenses": [{"skuId": VISIO}, {"skuId": OFFICE_E3}]}, id="remove in part"
        ),
        pytest.param(
            {
                "action": "replace",
                "replaces": "all",
                "licenses": [{"skuId": POWER_BI}],
                "keepDisabledPlans": True,
            },
            id="replace",
        ),
    ],
)
def test_a_plan_does_exactly_what_the_dry_run_said(system: System, tenant: Tenant, body: Json) -> None:
    groups = [tenant.groups["Europe"], tenant.groups["Berlin"]]
    # who fails in part must not be left out: the guest holds Office directly and gets Visio from a group only
    system.control.patch_user(tenant.users["guest"], licenses=[direct(OFFICE_E3)])
    system.control.patch_group(tenant.groups["Visio by group"], add=[tenant.users["guest"]])
    plan = dry_run(system, {**body, "groupIds": groups})

    job = system.api.run({"plan": plan["id"], "confirm": True, "note": "as planned"})

    check_job(system.api, system.control, job)
    assert said(system, job) == said(system, plan)
    assert (job["plan"], job["action"], job["dryRun"], job["note"]) == (
        plan["id"],
        body["action"],
        False,
        "as planned",
    )
    assert [(g["id"], g["users"], g["status"]) for g in job["groups"]] == [
        (g["id"], g["users"], g["status"]) for g in plan["groups"]
    ]
    assert [(line["skuId"], line["needed"]) for line in job["demand"]] == [
        (line["skuId"], line["needed"]) for line in plan["demand"]
    ]


def test_a_try_that_set_the_location_alone_does_not_outdate_the_plan(system: System, tenant: Tenant) -> None:
    plan = dry_run(system, assign(tenant, "Europe", "Berlin", usageLocation="FR"))
    system.control.add_faults(
        {"kind": "status", "status": 429, "retryAfter": 1, "path": "assignLicense", "times": 5}
    )

    job = system.api.run({"plan": plan["id"]}, status="Finished")

    check_job(system.api, system.control, job)
    assert said(system, job) == said(system, plan)
    assert max(item["attempts"] for item in system.api.items(job["id"])) > 1


def test_a_group_that_the_dry_run_could_not_read_is_no_part_of_the_plan(
    system: System, tenant: Tenant
) -> None:
    """Nobody may take the job for the whole of what was selected."""
    system.control.add_faults(
        {"kind": "status", "status": 403, "path": f"groups/{tenant.groups['Europe']}/trans"}
    )
    plan = dry_run(system, assign(tenant, "Berlin", "Europe"))
    assert [group["status"] for group in plan["groups"]] == ["done", "failed"]
    system.control.clear_faults()

    job = system.api.run({"plan": plan["id"]}, status="FinishedWithException")

    check_job(system.api, system.control, job)
    assert said(system, job) == said(system, plan)
    assert [group["status"] for group in job["groups"]] == ["done", "failed"]
    assert job["groups"][1]["error"]["code"] == "NotPlanned"


def test_who_changed_since_is_left_alone_and_the_others_are_not(system: System, tenant: Tenant) -> None:
    control, users = system.control, tenant.users
    control.patch_user(users["direct"], licenses=[direct(VISIO), direct(OFFICE_E3)])
    plan = dry_run(
        system,
        {
            "action": "assign",
            "groupIds": [tenant.groups["Europe"], tenant.groups["Berlin"]],
            "licenses": [{"skuId": POWER_BI}],
            "usageLocation": "DE",
            "usageLocationMode": "ifMissing",
        },
    )
    control.patch_user(users["none"], licenses=[direct(VISIO)])  # given by hand
    control.patch_user(users["office"], licenses=[direct(OFFICE_E3)])  # a plan switched on
    control.patch_user(users["direct"], licenses=[direct(OFFICE_E3)])  # taken by hand
    control.patch_user(users["guest"], usageLocation="FR")
    control.patch_group(tenant.groups["Visio by group"], remove=[users["inherited"]])
    control.patch_user(users["disabled"], accountEnabled=True, displayName="not compared")
    kept = {user_id: control.user(user_id) for user_id in users.values()}

    job = system.api.run({"plan": plan["id"]}, status="FinishedWithException")

    items = check_job(system.api, control, job)
    found = {name: (items[user_id]["status"], items[user_id]["reason"]) for name, user_id in users.items()}
    outdated = {"none", "office", "direct", "guest", "inherited"}
    assert {name for name, how in found.items() if how == ("failed", "PlanOutdated")} == outdated
    assert {name for name, how in found.items() if how == ("changed", None)} == set(users) - outdated
    assert all(control.user(users[name]) == kept[users[name]] for name in outdated)
    assert items[users["none"]]["error"]["message"].startswith("The user's licenses or location changed")

    # to take up what failed helps nobody: the plan is as outdated as before
    system.api.start(job["id"])
    assert system.api.wait(job["id"])["counts"]["failed"] == len(outdated)


def test_who_joined_is_not_touched_and_who_left_is(system: System, tenant: Tenant) -> None:
    control, users = system.control, tenant.users
    plan = dry_run(system, assign(tenant, "Germany"))
    control.patch_group(tenant.groups["Germany"], add=[users["guest"]], remove=[users["none"]])
    before = control.user(users["guest"])

    job = system.api.run({"plan": plan["id"]}, status="Finished")

    items = check_job(system.api, control, job)
    assert users["guest"] not in items
    assert control.user(users["guest"]) == before
    assert items[users["none"]]["status"] == "changed"
    assert VISIO in holds(control.user(users["none"]))


def test_a_deleted_user_fails_alone(system: System, tenant: Tenant) -> None:
    plan = dry_run(system, assign(tenant, "Germany"))
    system.control.delete_user(tenant.users["none"])
    job = system.api.run({"plan": plan["id"]}, status="FinishedWithException")
    reasons = {item["displayName"]: item["reason"] for item in system.api.items(job["id"], status="failed")}
    assert reasons == {"none": "UserNotFound"}


def test_a_plan_to_undo(system: System, tenant: Tenant) -> None:
    users, control = tenant.users, system.control
    before = {user_id: control.user(user_id) for user_id in users.values()}
    given = system.api.run(assign(tenant, "Germany"), status="Finished")
    plan = system.api.wait(system.api.undo(given["id"], dryRun=True)["id"], status="Finished")
    control.patch_user(users["office"], licenses=[direct(OFFICE_E3, SWAY_PLAN)])

    since = len(control.changes())

    assert error(system, {"plan": plan["id"]}) == "ConfirmationRequired"
    job = system.api.run({"plan": plan["id"], "confirm": True}, status="FinishedWithException")

    assert (job["action"], job["plan"], job["undoOf"]) == ("undo", plan["id"], given["id"])
    assert system.api.job(given["id"])["undoneBy"] == job["id"]
    items = check_job(system.api, control, job, since)
    assert {items[users[name]]["reason"] for name in ("none", "office")} == {None, "PlanOutdated"}
    assert control.user(users["none"]) == before[users["none"]]


# --- once, in time, with a yes ----------------------------------------------------------------------------


def test_what_is_no_plan_is_not_found(system: System, tenant: Tenant) -> None:
    real = system.api.run(assign(tenant, "Germany"))
    assert error(system, {"plan": NOBODYS_ID}, 404) == "PlanNotFound"
    assert error(system, {"plan": real["id"]}, 404) == "PlanNotFound"


def test_a_removal_is_confirmed_and_an_assignment_need_not_be(system: System, tenant: Tenant) -> None:
    group = [tenant.groups["Germany"]]
    remove = dry_run(system, {"action": "remove", "groupIds": group, "licenses": [{"skuId": VISIO}]})
    replace = dry_run(
        system,
        {"action": "replace", "groupIds": group, "replaces": [VISIO], "licenses": [{"skuId": POWER_BI}]},
    )
    assert error(system, {"plan": remove["id"]}) == "ConfirmationRequired"
    assert error(system, {"plan": replace["id"]}) == "ConfirmationRequired"
    system.api.run({"plan": dry_run(system, assign(tenant, "Germany"))["id"]})


def test_a_plan_is_good_for_a_day(system: System, tenant: Tenant) -> None:
    plan = dry_run(system, assign(tenant, "Germany"))
    age(system, plan["id"], timedelta(hours=24, minutes=1))
    assert error(system, {"plan": plan["id"]}) == "PlanExpired"
    age(system, plan["id"], -timedelta(minutes=2))
    system.api.run({"plan": plan["id"]}, status="Finished")


def test_a_plan_is_carried_out_once_however_many_ask_at_once(system: System, tenant: Tenant) -> None:
    plan = dry_run(system, assign(tenant, "Germany"))
    apis = [system.host.api for _ in range(6)]
    with ThreadPoolExecutor(len(apis)) as threads:
        answers = list(threads.map(lambda api: api.post("jobs", {"plan": plan["id"]}), apis))
    assert sorted(answer.status_code for answer in answers) == [202, 409, 409, 409, 409, 409]
    refused = [answer.json()["error"]["code"] for answer in answers if answer.status_code == 409]
    assert set(refused) == {"PlanNotUsable"}
    (job,) = [answer.json() for answer in answers if answer.status_code == 202]
    system.api.wait(job["id"], status="Finished")
    assert [one["id"] for one in system.api.all("jobs")] == [job["id"], plan["id"]]
    assert error(system, {"plan": plan["id"]}) == "PlanNotUsable"


def test_the_same_key_is_the_same_job_and_another_request_is_refused(system: System, tenant: Tenant) -> None:
    plan = dry_run(system, assign(tenant, "Germany"))
    body = {"plan": plan["id"], "note": "once"}
    job = system.api.submit(body, Idempotency_Key="a plan")
    again = system.api.post("jobs", body, Idempotency_Key="a plan")
    assert (again.status_code, again.headers["Idempotent-Replayed"]) == (202, "true")
    assert again.json()["id"] == job["id"]
    assert error(system, {**body, "note": "twice"}, 422, Idempotency_Key="a plan") == "IdempotencyKeyReused"
    system.api.wait(job["id"], status="Finished")
    assert system.api.post("jobs", body, Idempotency_Key="a plan").json()["status"] == "Finished"
    assert error(system, body, Idempotency_Key="another key") == "PlanNotUsable"


def test_only_a_finished_dry_run_can_be_carried_out(system: System, tenant: Tenant) -> None:
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    waiting = system.api.submit(assign(tenant, "Germany", dryRun=True, startAt=later))
    assert error(system, {"plan": waiting["id"]}) == "PlanNotUsable"
    system.api.cancel(waiting["id"])
    system.api.wait(waiting["id"], status="Canceled")
    assert error(system, {"plan": waiting["id"]}) == "PlanNotUsable"


def test_a_plan_marked_for_a_job_that_was_never_made_is_not_lost(system: System, tenant: Tenant) -> None:
    plan = dry_run(system, assign(tenant, "Germany"))
    change_record(system, plan["id"], carriedOutBy=NOBODYS_ID)
    system.api.run({"plan": plan["id"]}, status="Finished")


def test_of_two_jobs_on_record_for_a_plan_one_carries_it_out(system: System, tenant: Tenant) -> None:
    """A submission that dies before it has marked the plan leaves a job; if another one marks it, that one has it."""
    plan = dry_run(system, assign(tenant, "Germany"))
    soon = (datetime.now(UTC) + timedelta(seconds=4)).isoformat()
    first = system.api.submit({"plan": plan["id"], "startAt": soon})
    change_record(system, plan["id"], carriedOutBy="")
    second = system.api.run({"plan": plan["id"]}, status="Finished")
    ended = system.api.wait(first["id"], status="Failed")
    assert ended["error"]["code"] == "PlanNotUsable"
    assert second["id"] in ended["error"]["message"]
    assert len(system.control.changes()) == second["counts"]["changed"] == 2


def test_a_plan_that_no_unit_is_left_for_is_refused_unless_that_is_allowed(
    system: System, tenant: Tenant
) -> None:
    plan = dry_run(system, assign(tenant, "Germany"))
    system.control.patch_sku(VISIO, enabled=4)  # all in use
    assert error(system, {"plan": plan["id"]}) == "NoAvailableLicenses"
    job = system.api.run({"plan": plan["id"], "allowShortage": True})
    assert job["counts"]["failed"] == 2
    assert {item["reason"] for item in system.api.items(job["id"], status="failed")} == {
        "NoAvailableLicenses"
    }


def test_a_plan_can_start_later(system: System, tenant: Tenant) -> None:
    plan = dry_run(system, assign(tenant, "Germany", expiresIn={"value": 1, "unit": "months"}))
    soon = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=3)
    job = system.api.submit({"plan": plan["id"], "startAt": soon.isoformat()})
    assert job["status"] == "Waiting"
    eventually(lambda: system.api.job(job["id"])["status"] == "Finished", what="its end")
    items = system.api.items(job["id"], status="changed")
    ends = {item["added"][0]["expiresAt"] for item in items}
    (end,) = ends
    assert (datetime.fromisoformat(end) - soon).days in range(28, 32)
    assert datetime.fromisoformat(end).time() == soon.time()
