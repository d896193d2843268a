"""Too few units: refused at once, or the remaining users fail in one pass, and a start takes up just these."""

from typing import Any

import pytest

from tests.support.system import System
from tests.system.checks import check_job
from tests.system.tenants import POWER_BI, VISIO, direct

Json = dict[str, Any]
pytestmark = pytest.mark.system

HANDFUL = 5
"""Refused writes that a job over hundreds of users may cost."""


def many(system: System, users: int, units: int, **more: object) -> str:
    """A group of that many users in a tenant with so many units of Visio."""
    system.control.reset("empty")
    system.control.seed(
        skus=[
            {"skuPartNumber": "VISIOCLIENT", "enabled": units},
            {"skuPartNumber": "POWER_BI_PRO", "enabled": 10_000},
        ]
    )
    bulk = [{"displayName": "Many", "users": users, "usageLocation": "DE", **more}]
    return str(system.control.seed(bulk=bulk)["groupIds"][0])


def refused_writes(system: System) -> int:
    return int(system.control.stats()["writes"]["refused"])


def test_no_unit_at_all_is_refused_with_figures_unless_that_is_allowed(system: System) -> None:
    group = many(system, 10, units=3, licenses=[{"skuId": POWER_BI}])
    other = system.control.seed(users=[{"licenses": [direct(VISIO)]} for _ in range(3)])["userIds"]
    assert len(other) == 3
    body = {"action": "assign", "groupIds": [group], "licenses": [{"skuId": POWER_BI}, {"skuId": VISIO}]}
    answer = system.api.post("jobs", body)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (409, "NoAvailableLicenses")
    assert error["target"] == "licenses[1].skuId"
    assert "3 of 3" in error["message"]
    assert system.api.all("jobs") == []

    replace = {**body, "action": "replace", "replaces": "all", "licenses": [{"skuId": VISIO}]}
    confirmed = {**replace, "confirm": True}
    assert system.api.post("jobs", confirmed).json()["error"]["code"] == "NoAvailableLicenses"

    job = system.api.run({**confirmed, "allowShortage": True}, status="Failed")
    assert job["counts"]["failed"] == 10
    assert job["demand"][0]["shortage"] == 10
    assert refused_writes(system) <= HANDFUL
    assert system.control.changes() == []


def test_a_suspended_subscription_has_no_unit(system: System) -> None:
    group = many(system, 3, units=100)
    system.control.patch_sku(VISIO, capabilityStatus="Suspended")
    body = {"action": "assign", "groupIds": [group], "licenses": [{"skuId": VISIO}]}
    assert system.api.post("jobs", body).json()["error"]["code"] == "NoAvailableLicenses"


def test_units_that_run_out_fail_the_rest_in_one_pass_until_more_are_bought(system: System) -> None:
    group = many(system, 500, units=130)
    body = {"action": "assign", "groupIds": [group], "licenses": [{"skuId": VISIO}]}

    job = system.api.run(body, status="FinishedWithException")

    assert (job["counts"]["changed"], job["counts"]["failed"]) == (130, 370)
    items = check_job(system.api, system.control, job)
    failed = [item for item in items.values() if item["status"] == "failed"]
    assert {item["reason"] for item in failed} == {"NoAvailableLicenses"}
    assert {item["attempts"] for item in items.values()} == {1}
    assert all(
        "Visio Plan 2: no unit is free (130 of 130 in use)" in one["error"]["message"] for one in failed
    )
    assert refused_writes(system) <= HANDFUL
    (demand,) = job["demand"]
    assert (demand["needed"], demand["available"], demand["shortage"]) == (500, 130, 370)

    system.control.patch_sku(VISIO, enabled=500)
    system.control.reset_stats()
    system.api.start(job["id"])
    job = system.api.wait(job["id"], status="Finished")

    again = check_job(system.api, system.control, job)
    assert system.control.stats()["writes"]["attempted"] == 370
    assert sum(item["attempts"] for item in again.values()) == 500 + 370
    assert job["demand"][0]["shortage"] == 0
    assert [warning["code"] for warning in job["warnings"]] == []


def test_units_that_somebody_else_takes_meanwhile_are_found_out_soon(system: System) -> None:
    """The job had enough when it began; Graph says first that it has not, and then nobody asks it again."""
    group = many(system, 400, units=400)
    system.control.set_latency(100)
    job = system.api.submit({"action": "assign", "groupIds": [group], "licenses": [{"skuId": VISIO}]})
    system.control.patch_sku(VISIO, enabled=100)
    job = system.api.wait(job["id"], status="FinishedWithException")
    system.control.set_latency(0)

    assert (job["counts"]["changed"], job["counts"]["failed"]) == (100, 300)
    failed = system.api.items(job["id"], status="failed")
    assert all("in use" in item["error"]["message"] for item in failed)


def test_units_are_counted_across_jobs(system: System) -> None:
    """Two jobs that each have enough alone: what the first will take is not the second's."""
    group = many(system, 200, units=300)
    bulk = [{"displayName": "More", "users": 200, "usageLocation": "DE"}]
    more = system.control.seed(bulk=bulk)["groupIds"][0]
    bodies = [
        {"action": "assign", "groupIds": [one], "licenses": [{"skuId": VISIO}]} for one in (group, more)
    ]
    jobs = [system.api.submit(body) for body in bodies]
    ended = [system.api.wait(job["id"]) for job in jobs]
    assert sum(job["counts"]["changed"] for job in ended) == 300
    assert sum(job["counts"]["failed"] for job in ended) == 100
