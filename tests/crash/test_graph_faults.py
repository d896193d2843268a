"""Graph throttles, fails, hangs, loses answers and tokens: each user is changed once, and the record knows it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.crash.crash_system import CrashSystem
from tests.crash.one_kill import VISIO, Json, submit
from tests.support.eventually import eventually
from tests.system.checks import check_job

pytestmark = pytest.mark.system
USERS = 200
PART = {"path": "assignLicense|users/", "scope": "subrequest"}
BATCH = {"path": r"\$batch", "scope": "call"}
STORMS: dict[str, list[Json]] = {
    "throttled": [
        {**PART, "kind": "status", "status": 429, "retryAfter": 1, "probability": 0.2, "times": 60}
    ],
    "throttled as a whole": [{**BATCH, "kind": "status", "status": 429, "retryAfter": 1, "times": 6}],
    "unavailable": [{**PART, "kind": "status", "status": 503, "probability": 0.2, "times": 80}],
    "carried out, answered 504": [
        {
            **PART,
            "method": "POST",
            "kind": "status",
            "status": 504,
            "commit": True,
            "probability": 0.3,
            "times": 60,
        }
    ],
    "carried out, connection dropped": [
        {**BATCH, "kind": "drop", "commit": True, "probability": 0.3, "times": 6}
    ],
    "dropped": [{**BATCH, "kind": "drop", "probability": 0.3, "times": 6}],
    "carried out, hung": [
        {**BATCH, "kind": "hang", "seconds": 1, "commit": True, "probability": 0.3, "times": 4}
    ],
    "carried out, malformed": [
        {**BATCH, "kind": "malformed", "commit": True, "probability": 0.3, "times": 6}
    ],
    "concurrency": [{**PART, "kind": "status", "status": 409, "probability": 0.2, "times": 40}],
    "token refused": [{**BATCH, "kind": "status", "status": 401, "times": 5}],
}


@pytest.fixture(autouse=True)
def calm(crash_system: CrashSystem) -> Iterator[None]:
    """No fault and no delay is left to the next test."""
    yield
    crash_system.control.clear_faults()
    crash_system.control.set_latency(0)


@pytest.fixture
def group(crash_system: CrashSystem) -> str:
    if not crash_system.control.skus():
        crash_system.control.seed(skus=[{"skuPartNumber": "VISIOCLIENT", "enabled": 1_000_000}])
    seeded = crash_system.control.seed(bulk=[{"displayName": "Storm", "users": USERS, "usageLocation": "DE"}])
    return str(seeded["groupIds"][0])


def body_for(group: str) -> Json:
    return {"action": "assign", "groupIds": [group], "licenses": [{"skuId": VISIO}]}


def test_storms(crash_system: CrashSystem, group: str) -> None:
    """All of them, one after the other, each over users of its own; a location comes before each licence."""
    for name, faults in STORMS.items():
        seeded = crash_system.control.seed(bulk=[{"displayName": name, "users": 60, "usageLocation": "DE"}])
        before = len(crash_system.control.changes())
        crash_system.control.add_faults(*faults)
        body = {**body_for(str(seeded["groupIds"][0])), "usageLocation": "FR"}
        job = crash_system.api.wait(submit(crash_system, body), 90, "Finished")
        hits = sum(fault["hits"] for fault in crash_system.control.faults())
        crash_system.control.clear_faults()
        assert hits > 0, f"{name}: no fault was met"
        assert job["counts"]["changed"] == 60, name
        check_job(crash_system.api, crash_system.control, job, before)


def test_pages_that_expire_are_read_from_the_start(crash_system: CrashSystem) -> None:
    """Users are neither lost nor told twice."""
    control = crash_system.control
    group = control.seed(bulk=[{"displayName": "Large", "users": 2500, "usageLocation": "DE"}])["groupIds"][0]
    control.set_latency(150)
    job = crash_system.api.submit({**body_for(group), "dryRun": True})
    for _ in range(2):
        eventually(lambda: crash_system.api.job(job["id"])["groups"][0]["status"] != "pending", what="a page")
        control.expire_pages()
    control.revoke_tokens()
    control.set_latency(0)
    job = crash_system.api.wait(job["id"], 60, "Finished")
    assert job["counts"]["changed"] == job["progress"]["total"] == 2500


def test_a_lasting_outage_ends_the_items_with_a_reason(crash_system: CrashSystem, group: str) -> None:
    """Every try is answered 503; a start mends it afterwards. RETRY_MAX_ATTEMPTS is ten."""
    control = crash_system.control
    before = len(control.changes())
    control.add_faults({**PART, "method": "POST", "kind": "status", "status": 429, "retryAfter": 0})
    job = crash_system.api.run(body_for(group), 120, "Failed")
    assert {item["error"]["code"] for item in crash_system.api.items(job["id"])} == {"Throttled"}
    assert {item["attempts"] for item in crash_system.api.items(job["id"])} == {10}
    control.clear_faults()
    crash_system.api.start(job["id"])
    job = crash_system.api.wait(job["id"], 60, "Finished")
    check_job(crash_system.api, control, job, before)


def test_a_write_whose_answer_was_lost_at_the_last_try_is_told(crash_system: CrashSystem, group: str) -> None:
    """Nine refusals, and at the tenth try the write is carried out and its answer lost."""
    control = crash_system.control
    before = len(control.changes())
    post = {**PART, "method": "POST", "kind": "status"}
    control.add_faults({**post, "status": 429, "retryAfter": 0, "times": USERS * 9})
    control.add_faults({**post, "status": 503, "commit": True, "times": USERS})
    job = crash_system.api.run(body_for(group), 120, "Finished")
    control.clear_faults()
    assert job["counts"]["changed"] == USERS
    items = check_job(crash_system.api, control, job, before)
    assert {item["attempts"] for item in items.values()} == {10}
