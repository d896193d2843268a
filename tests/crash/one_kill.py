"""A job whose host is ended at one point, and the check that nobody could tell afterwards."""

from __future__ import annotations

import uuid
from typing import Any

import requests

from tests.crash.crash_system import CrashSystem
from tests.crash.kill_points import KillPoint
from tests.support.eventually import eventually
from tests.system.checks import check_job

Json = dict[str, Any]
USERS = 20
VISIO = "c5928f49-12ba-48f7-ada3-0d743a3601d5"  # VISIOCLIENT


def survive(system: CrashSystem, kill: KillPoint, within: float = 90.0) -> None:
    """Fails if anything is lost, done twice or told wrong."""
    group = new_group(system)
    before = len(system.control.changes())
    if kill.refusals:
        system.control.add_faults(
            {
                "kind": "status",
                "status": 503,
                "retryAfter": 2,
                "path": "assignLicense",
                "scope": "subrequest",
                "times": kill.refusals,
            }
        )
    body: Json = {
        "action": "assign",
        "groupIds": [group],
        "licenses": [{"skuId": VISIO}],
        "usageLocation": "FR",
        **({"expiresIn": {"value": 1, "unit": "days"}} if kill.temporary else {}),
    }
    system.kill_at(kill.point, kill.call, kill.when)
    job_id = submit(system, body)
    if not system.host.running or system.orders.exists():
        system.start_again()
    job = system.api.wait(job_id, within, "Finished")
    system.ended.append(job_id)
    assert job["counts"]["changed"] == USERS, f"changed by the job, but told as {job['counts']}"
    check_job(system.api, system.control, job, before)
    eventually(
        lambda: listed(system, job_id),
        within=within,
        what="the end in the list",
    )
    asked = system.api.all("audit", jobId=job_id)
    assert [entry["what"] for entry in asked] == ["JobSubmitted"], f"who asked is told as {asked}"
    if kill.temporary:
        assert len(system.api.grants(skuId=VISIO, status="running")) == USERS
    if kill.claims:
        assert_free(system, group, within)


def seed_licenses(system: CrashSystem) -> None:
    """Units for everybody."""
    system.control.seed(skus=[{"skuPartNumber": "VISIOCLIENT", "enabled": 1_000_000}])


def new_group(system: CrashSystem) -> str:
    """A group of new users without a licence and with another location."""
    seeded = system.control.seed(bulk=[{"displayName": "Crash", "users": USERS, "usageLocation": "DE"}])
    return str(seeded["groupIds"][0])


def submit(system: CrashSystem, body: Json) -> str:
    """The id of the job, as a flow gets it: what is not answered, or with 503, is repeated with the same key.

    A host that ended meanwhile is started again.
    """
    key = str(uuid.uuid4())

    def attempt() -> Json:
        try:
            answer = system.api.post("jobs", body, Idempotency_Key=key)
        except requests.ConnectionError:
            if not system.orders.exists() and not system.host.running:
                system.start_again()
            return {}
        assert answer.status_code in (200, 202, 503), answer.text
        return dict(answer.json()) if answer.ok else {}

    return str(eventually(attempt, within=120, every=0.3, what="the acceptance of the job")["id"])


def listed(system: CrashSystem, job_id: str) -> bool:
    """Whether the list of jobs knows by itself that the job has finished."""
    return job_id in {job["id"] for job in system.api.read("jobs", status="Finished", pageSize=999)["value"]}


def assert_free(system: CrashSystem, group: str, within: float) -> None:
    """No claim is left behind: the next job over the same users is not kept waiting."""
    body = {"action": "remove", "groupIds": [group], "licenses": [{"skuId": VISIO}], "confirm": True}
    job = system.api.run(body, within, "Finished")
    system.ended.append(job["id"])
    assert job["counts"]["changed"] == USERS
