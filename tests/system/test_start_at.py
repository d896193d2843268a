"""startAt: a job that waits for its time, can be canceled until then, and outlives the host."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.eventually import never
from tests.support.system import System
from tests.system.checks import check_job
from tests.system.tenants import VISIO, Tenant, mixed_tenant

Json = dict[str, Any]
pytestmark = pytest.mark.system


@pytest.fixture
def tenant(system: System) -> Tenant:
    return mixed_tenant(system.control)


def assign(tenant: Tenant, **more: object) -> Json:
    return {
        "action": "assign",
        "groupIds": [tenant.groups["Germany"]],
        "licenses": [{"skuId": VISIO}],
        **more,
    }


def after(**time: float) -> datetime:
    return datetime.now(UTC).replace(microsecond=0) + timedelta(**time)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_a_job_begins_at_its_time_with_whoever_is_there_then(system: System, tenant: Tenant) -> None:
    at = after(seconds=4)
    body = assign(tenant, startAt=at.isoformat(), expiresIn={"value": 2, "unit": "weeks"})
    job = system.api.submit(body)
    assert (job["status"], job["startedAt"], moment(job["startAt"])) == ("Waiting", None, at)
    assert job["progress"]["total"] is None
    assert system.api.get(job["links"]["wait"]).status_code == 202
    system.control.patch_group(tenant.groups["Germany"], add=[tenant.users["guest"]])

    job = system.api.wait(job["id"], status="Finished")

    assert moment(job["startedAt"]) >= at
    items = check_job(system.api, system.control, job)
    changed = [item for item in items.values() if item["status"] == "changed"]
    assert {item["displayName"] for item in changed} == {"none", "office", "guest"}
    assert {moment(item["added"][0]["expiresAt"]) for item in changed} == {at + timedelta(weeks=2)}


def test_a_time_that_has_passed_means_now(system: System, tenant: Tenant) -> None:
    body = assign(tenant, startAt=after(hours=-1).isoformat(), expiresIn={"value": 1, "unit": "days"})
    job = system.api.run(body, status="Finished")
    assert job["startAt"] is None
    (item, *_) = system.api.items(job["id"], status="changed")
    day_on = moment(job["createdAt"]) + timedelta(days=1)
    assert abs(moment(item["added"][0]["expiresAt"]) - day_on) < timedelta(seconds=1)


def test_a_job_that_waits_can_be_canceled_and_not_started(system: System, tenant: Tenant) -> None:
    job = system.api.submit(assign(tenant, startAt=after(seconds=3).isoformat()))
    assert system.api.post(f"jobs/{job['id']}/start").json()["error"]["code"] == "JobNotStartable"

    assert system.api.cancel(job["id"])["status"] == "Canceled"

    job = system.api.job(job["id"])
    assert job["error"]["code"] == "Canceled"
    assert [group["status"] for group in job["groups"]] == ["canceled"]
    assert job["progress"]["percent"] == 100
    never(
        lambda: system.control.changes() or system.api.job(job["id"])["status"] != "Canceled",
        during=5,
        what="a canceled job at work",
    )


def test_a_host_that_is_away_at_the_time_begins_it_after(system: System, tenant: Tenant) -> None:
    job = system.api.submit(assign(tenant, startAt=after(seconds=3).isoformat()))
    system.host.kill()
    system.host.start()
    assert system.api.job(job["id"])["status"] in ("Waiting", "InProgress", "Finished")
    job = system.api.wait(job["id"], status="Finished")
    assert moment(job["startedAt"]) >= moment(job["startAt"])
    check_job(system.api, system.control, job)
    assert job["counts"]["changed"] == 2


def test_a_dry_run_can_wait_as_well(system: System, tenant: Tenant) -> None:
    job = system.api.submit(assign(tenant, dryRun=True, startAt=after(seconds=2).isoformat()))
    assert job["status"] == "Waiting"
    job = system.api.wait(job["id"], status="Finished")
    assert job["counts"]["changed"] == 2
    assert system.control.changes() == []
