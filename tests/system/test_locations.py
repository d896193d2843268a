"""A location is written before the licence, and a user who cannot get the one is not sent for the other."""

from typing import Any

import pytest

from tests.support.system import System
from tests.system.checks import check_job
from tests.system.tenants import OFFICE_E3, POWER_BI, VISIO, Tenant, mixed_tenant

Json = dict[str, Any]
pytestmark = pytest.mark.system


@pytest.fixture
def tenant(system: System) -> Tenant:
    return mixed_tenant(system.control)


def test_a_user_whose_location_is_refused_gets_no_licence(system: System, tenant: Tenant) -> None:
    unlucky = tenant.users["none"]
    refusal = {
        "method": "PATCH",
        "path": f"/users/{unlucky}$",
        "scope": "subrequest",
        "kind": "status",
        "status": 400,
        "code": "Request_BadRequest",
        "message": "Another object with the same value for property proxyAddresses already exists.",
    }
    system.control.add_faults(refusal)
    body = {
        "action": "assign",
        "groupIds": [tenant.groups["Germany"]],
        "licenses": [{"skuId": POWER_BI}],
        "usageLocation": "FR",
    }
    job = system.api.run(body, status="FinishedWithException")
    items = check_job(system.api, system.control, job)
    failed = items[unlucky]
    assert (failed["status"], failed["added"], failed["usageLocation"]) == ("failed", [], None)
    assert not [change for change in system.control.changes() if change["userId"] == unlucky]
    kinds = [change["kind"] for change in system.control.changes()]
    assert kinds == ["location"] * 4 + ["license"] * 4, "locations in one batch, licences in the next"

    system.control.clear_faults()
    system.api.start(job["id"])
    check_job(system.api, system.control, system.api.wait(job["id"], status="Finished"))


def test_a_location_changes_whether_or_not_a_licence_does(system: System, tenant: Tenant) -> None:
    body = {
        "action": "replace",
        "groupIds": [tenant.groups["Europe"]],
        "replaces": [OFFICE_E3],
        "licenses": [{"skuId": POWER_BI}],
        "usageLocation": "IT",
        "confirm": True,
    }
    job = system.api.run(body, status="Finished")
    items = check_job(system.api, system.control, job)
    direct = items[tenant.users["direct"]]
    assert (direct["status"], direct["reason"]) == ("changed", "NothingToReplace")
    assert direct["usageLocation"] == {"from": "DE", "to": "IT"}
    assert {item["usageLocation"]["to"] for item in items.values()} == {"IT"}


def test_a_user_without_a_location_costs_no_write(system: System, tenant: Tenant) -> None:
    body = {"action": "assign", "groupIds": [tenant.groups["Europe"]], "licenses": [{"skuId": VISIO}]}
    job = system.api.run(body, status="FinishedWithException")
    (failed,) = system.api.items(job["id"], status="failed")
    assert (failed["displayName"], failed["reason"]) == ("no location", "UsageLocationMissing")
    assert system.control.stats()["writes"]["refused"] == 0
