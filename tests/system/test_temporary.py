"""Temporary licences, end to end: granted by a job, taken by the clock, with a person's word in between."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.api.other_bodies import GrantTerm
from shared.api.record_answers import GrantView
from shared.clock import utc_now
from shared.ledger import GrantStatus, Ledger
from shared.models import Caller
from shared.storage.connection import Storage, StorageSettings
from shared.storage.grant_store import GrantStore
from tests.conftest import SystemStarter
from tests.support.eventually import eventually, never
from tests.support.system import System
from tests.system.checks import check_job
from tests.system.tenants import OFFICE_E3, POWER_BI, VISIO, Tenant, direct, holds, mixed_tenant

Json = dict[str, Any]
pytestmark = pytest.mark.system

IN_A_MONTH = {"value": 1, "unit": "months"}
PERSON = Caller("manager@contoso.example", "user", "user|manager")
LIMIT = 2


def ledger_of(system: System) -> Ledger:
    """The ledger that the system's hosts keep."""
    storage = Storage(StorageSettings(connection_string=system.azurite.connection_string))
    return Ledger(GrantStore(storage), utc_now)


def grants(system: System, status: GrantStatus = "running") -> dict[tuple[str, str], GrantView]:
    """By user and SKU."""
    views, _ = ledger_of(system).find(status=status, page_size=999)
    return {(view.user_id, view.sku_id): view for view in views}


def change(system: System, grant: GrantView, expires_at: datetime | None) -> None:
    ledger_of(system).change(grant.grant_id, GrantTerm(expires_at), PERSON, utc_now())


def expire(system: System, *which: GrantView) -> None:
    """By a person's word their time is over in a moment, at the same instant: one sweep finds them all."""
    at = utc_now() + timedelta(seconds=2)
    for grant in which:
        change(system, grant, at)
    assert utc_now() < at, "this machine is too slow for the test"


def sweeps(system: System) -> list[Json]:
    """Newest first."""
    return system.api.all("jobs", action="expire")


def the_sweep(system: System, status: str) -> Json:
    """The one sweep, once it has that status."""
    (job,) = eventually(
        lambda: sweeps(system),
        lambda jobs: [job["status"] for job in jobs] == [status],
        what=f"one sweep that is {status}",
    )
    return job


def all_taken(system: System) -> None:
    eventually(lambda: grants(system) | grants(system, "ending"), lambda found: not found, what="all ended")


def give(system: System, *group_ids: str, sku_ids: tuple[str, ...] = (VISIO,)) -> Json:
    return system.api.run(
        {
            "action": "assign",
            "groupIds": list(group_ids),
            "licenses": [{"skuId": sku_id} for sku_id in sku_ids],
            "expiresIn": IN_A_MONTH,
        }
    )


def removals(system: System) -> list[str]:
    """Users in the order in which a licence was taken from them."""
    return [
        change["userId"]
        for change in system.control.changes()
        if change["kind"] == "license" and change["request"]["removeLicenses"]
    ]


@pytest.fixture
def tenant(system: System) -> Tenant:
    return mixed_tenant(system.control)


def test_from_the_grant_to_its_end_and_back_by_undo(system: System, tenant: Tenant) -> None:
    job = give(system, tenant.groups["Germany"])
    items = check_job(system.api, system.control, job)
    given = {user_id for user_id, item in items.items() if item["status"] == "changed"}
    running = grants(system)
    assert {user for user, _ in running} == given == {tenant.users[name] for name in ("none", "office")}
    month = running[tenant.users["none"], VISIO].expires_at
    assert month is not None
    assert items[tenant.users["none"]]["added"][0]["expiresAt"] == month.isoformat().replace("+00:00", "Z")

    expire(system, *running.values())
    sweep = the_sweep(system, "Finished")

    assert (sweep["createdBy"], sweep["groups"]) == ({"name": "Expiry sweep", "kind": "timer"}, [])
    assert (sweep["progress"]["total"], sweep["counts"]["changed"]) == (2, 2)
    swept = system.api.items_by_user(sweep["id"])
    assert all(item["removed"] == [{"skuId": VISIO}] for item in swept.values())
    assert all(VISIO not in holds(system.control.user(user)) for user in given)
    assert VISIO in holds(system.control.user(tenant.users["direct"]))
    ended = grants(system, "ended")
    assert {(user, grant.reason) for (user, _), grant in ended.items()} == {(u, "Expired") for u in given}
    assert [event.job_id for event in ended[tenant.users["none"], VISIO].history] == [
        job["id"],
        None,
        sweep["id"],
    ]

    undone = system.api.wait(system.api.undo(sweep["id"])["id"], status="Finished")

    assert undone["counts"]["changed"] == 2
    assert all(VISIO in holds(system.control.user(user)) for user in given)
    assert grants(system) == {}


def test_what_is_not_due_or_was_made_permanent_stays(system: System, tenant: Tenant) -> None:
    give(system, tenant.groups["Germany"])
    running = grants(system)
    change(system, running[tenant.users["none"], VISIO], None)
    expire(system, running[tenant.users["office"], VISIO])
    change(system, running[tenant.users["office"], VISIO], utc_now() + timedelta(days=1))

    never(lambda: removals(system), during=4, what="a removal")

    assert grants(system, "ended")[tenant.users["none"], VISIO].reason == "MadePermanent"
    assert list(grants(system)) == [(tenant.users["office"], VISIO)]


def test_gone_already_and_user_deleted(system: System, tenant: Tenant) -> None:
    give(system, tenant.groups["Germany"])
    none, office = tenant.users["none"], tenant.users["office"]
    system.control.patch_user(none, licenses=[])
    system.control.delete_user(office)

    expire(system, *grants(system).values())
    sweep = the_sweep(system, "Finished")

    reasons = {user: item["reason"] for user, item in system.api.items_by_user(sweep["id"]).items()}
    assert reasons == {none: "AlreadyGone", office: "UserDeleted"}
    assert sweep["counts"]["unchanged"] == 2
    assert {grant.reason for grant in grants(system, "ended").values()} == {"AlreadyGone", "UserDeleted"}


def test_a_licence_given_again_by_hand_goes_too(system: System, tenant: Tenant) -> None:
    give(system, tenant.groups["Germany"])
    none = tenant.users["none"]
    system.control.patch_user(none, licenses=[])
    system.control.patch_user(none, licenses=[direct(VISIO), direct(POWER_BI)])

    expire(system, *grants(system).values())
    all_taken(system)

    assert set(holds(system.control.user(none))) == {POWER_BI}


def test_a_refused_removal_is_tried_at_each_sweep(system: System, tenant: Tenant) -> None:
    give(system, tenant.groups["Germany"])
    none = tenant.users["none"]
    system.control.add_faults(
        {
            "path": f"/users/{none}/assignLicense$",
            "scope": "subrequest",
            "kind": "status",
            "status": 400,
            "code": "Request_BadRequest",
            "message": "License assignment failed because service plan x depends on the service plan(s) y",
        }
    )

    expire(system, *grants(system).values())
    jobs = eventually(lambda: sweeps(system), lambda jobs: len(jobs) > 2, what="a third sweep")

    assert jobs[-1]["status"] == "FinishedWithException"
    failed = {item["userId"] for item in system.api.items(jobs[-1]["id"], status="failed")}
    assert failed == {none}
    assert VISIO in holds(system.control.user(none))
    assert (none, VISIO) not in grants(system, "ended")

    system.control.clear_faults()
    all_taken(system)
    assert VISIO not in holds(system.control.user(none))
    assert removals(system).count(none) == 1


def test_a_later_expiry_wins_and_a_permanent_assignment_ends_it(system: System, tenant: Tenant) -> None:
    group = tenant.groups["Germany"]
    give(system, group)
    user = (tenant.users["none"], VISIO)
    first = grants(system)[user].expires_at
    longer = {"action": "assign", "groupIds": [group], "licenses": [{"skuId": VISIO}]}

    job = system.api.run(longer | {"expiresIn": {"value": 2, "unit": "months"}}, status="Finished")
    second = grants(system)[user].expires_at
    assert first is not None
    assert second is not None
    assert second > first
    assert job["counts"]["changed"] == 2

    system.api.run(longer | {"expiresIn": {"value": 1, "unit": "weeks"}}, status="Finished")
    assert grants(system)[user].expires_at == second

    permanent = system.api.run(longer, status="Finished")
    assert permanent["counts"]["changed"] == 2
    assert grants(system, "ended")[user].reason == "MadePermanent"

    system.api.wait(system.api.undo(permanent["id"], confirm=True)["id"], status="Finished")
    assert grants(system)[user].expires_at == second
    assert len([one for one in system.control.changes() if one["userId"] == user[0]]) == 1


def test_removing_and_replacing_end_the_grant(system: System, tenant: Tenant) -> None:
    api, germany = system.api, tenant.groups["Germany"]
    give(system, germany, sku_ids=(VISIO, POWER_BI))
    none = tenant.users["none"]

    api.run({"action": "remove", "groupIds": [germany], "licenses": [{"skuId": POWER_BI}], "confirm": True})
    replaced = api.run(
        {
            "action": "replace",
            "groupIds": [germany],
            "replaces": [VISIO],
            "licenses": [{"skuId": OFFICE_E3}],
            "confirm": True,
        }
    )

    ended = grants(system, "ended")
    assert (ended[none, POWER_BI].reason, ended[none, VISIO].reason) == ("Removed", "Replaced")
    assert grants(system) == {}

    api.wait(api.undo(replaced["id"], confirm=True)["id"])
    back = grants(system)[none, VISIO]
    assert back.expires_at == ended[none, VISIO].expires_at
    assert back.grant_id != ended[none, VISIO].grant_id


def test_a_write_that_failed_leaves_no_grant(system: System, tenant: Tenant) -> None:
    job = give(system, tenant.groups["Europe"])

    assert job["status"] == "FinishedWithException"
    assert tenant.users["no location"] not in {user for user, _ in grants(system)}
    system.control.patch_user(tenant.users["no location"], usageLocation="DE")
    system.api.start(job["id"])
    system.api.wait(job["id"], status="Finished")
    running = grants(system)
    assert (
        running[tenant.users["no location"], VISIO].expires_at
        == running[tenant.users["none"], VISIO].expires_at
    )


# --- two hosts, and a limit ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pair(start_system: SystemStarter) -> System:
    """Two hosts whose timers fire at the same seconds."""
    return start_system({"EXPIRY_MAX_REMOVALS": str(LIMIT)}, hosts=2)


@pytest.fixture
def due(pair: System) -> set[str]:
    """Users with a grant that is due, one more than a sweep takes unasked."""
    pair.clean()
    tenant = mixed_tenant(pair.control)
    give(pair, tenant.groups["Germany"], tenant.groups["Berlin"])
    running = grants(pair)
    assert len(running) == LIMIT + 1
    expire(pair, *running.values())
    return {user for user, _ in running}


def test_too_many_at_once_wait_until_a_person_starts_the_sweep(pair: System, due: set[str]) -> None:
    held = the_sweep(pair, "Waiting")
    assert held["error"]["code"] == "ExpiryLimitReached"
    assert held["error"]["message"].startswith("3 temporary licenses have expired, more than the 2 that")
    never(lambda: removals(pair) or len(sweeps(pair)) > 1, during=2.5, what="a removal or a second sweep")

    pair.api.start(held["id"])
    done = pair.api.wait(held["id"], status="Finished")

    assert (done["counts"]["changed"], done["error"]) == (3, None)
    assert sorted(removals(pair)) == sorted(due)
    assert grants(pair) == {}
    never(lambda: len(sweeps(pair)) > 1, during=2.5, what="a sweep of nothing")


def test_a_canceled_sweep_removes_nothing_and_the_next_one_asks_again(pair: System, due: set[str]) -> None:
    held = the_sweep(pair, "Waiting")

    pair.api.cancel(held["id"])

    jobs = eventually(lambda: sweeps(pair), lambda found: len(found) == 2, what="the next sweep")
    assert [job["status"] for job in jobs] == ["Waiting", "Canceled"]
    assert jobs[0]["error"]["code"] == "ExpiryLimitReached"
    assert removals(pair) == []
    assert {user for user, _ in grants(pair)} == due


def test_both_hosts_killed_amid_a_sweep_take_each_licence_once(pair: System, due: set[str]) -> None:
    held = the_sweep(pair, "Waiting")
    pair.control.set_latency(500)
    pair.api.start(held["id"])
    eventually(lambda: grants(pair, "ending"), what="the announcement of the sweep")
    for host in pair.hosts:
        host.kill()
    pair.control.set_latency(0)
    for host in pair.hosts:
        host.start()

    done = pair.api.wait(held["id"], status="Finished")

    assert done["counts"]["changed"] == 3
    assert sorted(removals(pair)) == sorted(due)
    assert {grant.reason for grant in grants(pair, "ended").values()} == {"Expired"}
    assert grants(pair) == grants(pair, "ending") == {}
