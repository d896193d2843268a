"""The main job, end to end: HTTP, queues, Graph, record; for assign, remove and replace."""

from typing import Any

import pytest

from tests.support.system import System
from tests.system.checks import check_job
from tests.system.tenants import OFFICE_E3, POWER_BI, SWAY_PLAN, VISIO, Tenant, holds, mixed_tenant

Json = dict[str, Any]
pytestmark = pytest.mark.system


@pytest.fixture
def tenant(system: System) -> Tenant:
    return mixed_tenant(system.graph.control)


def outcomes(tenant: Tenant, items: dict[str, Json]) -> dict[str, tuple[str, str | None]]:
    """Status and reason by the name of the user's case."""
    names = {user_id: name for name, user_id in tenant.users.items()}
    return {names[user_id]: (item["status"], item["reason"]) for user_id, item in items.items()}


def test_assign_to_three_overlapping_groups(system: System, tenant: Tenant) -> None:
    api, control = system.host.api, system.graph.control
    groups = [tenant.groups[name] for name in ("Europe", "Germany", "Berlin")]
    job = api.run({"action": "assign", "groupIds": groups, "licenses": [{"skuId": VISIO}]})
    items = check_job(api, control, job)
    assert job["status"] == "FinishedWithException"
    assert outcomes(tenant, items) == {
        "none": ("changed", None),
        "direct": ("unchanged", "AlreadyHeld"),
        "inherited": ("unchanged", "HeldByInheritance"),
        "both": ("unchanged", "AlreadyHeld"),
        "office": ("changed", None),
        "office and visio": ("unchanged", "AlreadyHeld"),
        "no location": ("failed", "UsageLocationMissing"),
        "guest": ("changed", None),
        "disabled": ("changed", None),
    }
    assert sorted(items[tenant.users["none"]]["groupIds"]) == sorted(groups)
    assert [group["users"] for group in job["groups"]] == [7, 5, 4]
    assert job["demand"] == [
        {"skuId": VISIO, "displayName": "Visio Plan 2", "needed": 4, "available": 996, "shortage": 0}
    ]


def test_devices_and_contacts_among_the_members_are_left_out(system: System) -> None:
    api, control = system.host.api, system.graph.control
    groups = [control.group_named(name) for name in ("Managed Devices", "Suppliers")]
    job = api.run({"action": "assign", "groupIds": groups, "licenses": [{"skuId": POWER_BI}]})
    items = check_job(api, control, job)
    assert [(group["status"], group["users"]) for group in job["groups"]] == [("done", 5), ("done", 0)]
    assert len(items) == job["progress"]["total"] == 5


def test_remove(system: System, tenant: Tenant) -> None:
    api, control = system.host.api, system.graph.control
    body = {
        "action": "remove",
        "groupIds": [tenant.groups["Europe"], tenant.groups["Berlin"]],
        "licenses": [{"skuId": VISIO}],
        "confirm": True,
    }
    job = api.run(body, status="FinishedWithException")
    items = check_job(api, control, job)
    found = outcomes(tenant, items)
    assert found["direct"] == ("changed", None)
    assert found["inherited"] == ("failed", "LicenseInherited")
    assert found["both"] == ("changed", None)
    assert items[tenant.users["both"]]["warnings"] == ["StillInherited"]
    assert found["none"] == ("unchanged", "NotHeld")
    assert VISIO not in holds(control.user(tenant.users["direct"]))


def test_replace_keeps_disabled_plans_and_is_one_write(system: System, tenant: Tenant) -> None:
    api, control = system.host.api, system.graph.control
    job = api.run(
        {
            "action": "replace",
            "groupIds": [tenant.groups["Germany"], tenant.groups["Berlin"]],
            "replaces": [VISIO],
            "licenses": [{"skuId": POWER_BI}],
            "confirm": True,
        }
    )
    items = check_job(api, control, job)
    found = outcomes(tenant, items)
    assert found["direct"] == ("changed", None)
    assert found["none"] == ("unchanged", "NothingToReplace")
    assert found["inherited"] == ("failed", "LicenseInherited")
    assert found["office and visio"] == ("changed", None)
    assert set(holds(control.user(tenant.users["office and visio"]))) == {OFFICE_E3, POWER_BI}
    assert POWER_BI not in holds(control.user(tenant.users["none"]))


def test_a_rerun_takes_up_only_what_failed(system: System, tenant: Tenant) -> None:
    api, control = system.host.api, system.graph.control
    body = {"action": "assign", "groupIds": [tenant.groups["Europe"]], "licenses": [{"skuId": POWER_BI}]}
    job = api.run(body, status="FinishedWithException")
    before = api.items_by_user(job["id"])
    control.patch_user(tenant.users["no location"], usageLocation="DE")
    api.start(job["id"])
    job = api.wait(job["id"], status="Finished")
    items = check_job(api, control, job)
    mended = items[tenant.users["no location"]]
    assert (mended["status"], mended["attempts"]) == ("changed", 2)
    assert all(
        items[user_id] == item for user_id, item in before.items() if user_id != tenant.users["no location"]
    )
    assert api.post(f"jobs/{job['id']}/start").status_code == 409


def test_the_location_is_set_first_and_only_where_it_differs(system: System, tenant: Tenant) -> None:
    api, control = system.host.api, system.graph.control
    job = api.run(
        {
            "action": "assign",
            "groupIds": [tenant.groups["Europe"], tenant.groups["Berlin"]],
            "licenses": [{"skuId": OFFICE_E3}],
            "usageLocation": "FR",
            "usageLocationMode": "ifMissing",
        },
        status="Finished",
    )
    items = check_job(api, control, job)
    assert items[tenant.users["no location"]]["usageLocation"] == {"from": None, "to": "FR"}
    assert [item["userId"] for item in items.values() if item["usageLocation"]] == [
        tenant.users["no location"]
    ]
    kept = items[tenant.users["office"]]
    assert (kept["status"], kept["reason"]) == ("unchanged", "AlreadyHeld")
    assert holds(control.user(tenant.users["office"])) == {OFFICE_E3: [SWAY_PLAN]}


def test_an_empty_group_is_a_finished_job_without_users(system: System, tenant: Tenant) -> None:
    body = {"action": "assign", "groupIds": [tenant.groups["Nobody"]], "licenses": [{"skuId": VISIO}]}
    job = system.host.api.run(body, status="Finished")
    assert job["progress"] == {"total": 0, "done": 0, "percent": 100}
    assert job["error"] is None


def test_cancel_stops_what_has_not_begun(system: System) -> None:
    api, control = system.host.api, system.graph.control
    control.reset("empty")
    control.seed(skus=[{"skuPartNumber": "VISIOCLIENT", "enabled": 10_000}])
    group = control.seed(bulk=[{"displayName": "Many", "users": 3000, "usageLocation": "DE"}])["groupIds"][0]
    control.set_latency(200)
    job = api.submit({"action": "assign", "groupIds": [group], "licenses": [{"skuId": VISIO}]})
    api.cancel(job["id"])
    job = api.wait(job["id"], status="Canceled")
    control.set_latency(0)
    assert job["error"]["code"] == "Canceled"
    assert api.post(f"jobs/{job['id']}/cancel").status_code == 409
    written = len(control.changes())
    assert job["counts"]["changed"] == written
    assert job["counts"]["pending"] == job["counts"]["retrying"] == 0
    api.start(job["id"])
    done = api.wait(job["id"], status="Finished")
    assert done["counts"]["changed"] == 3000
    assert len(control.changes()) == 3000
