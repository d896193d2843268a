"""Graph throttles, fails, hangs, loses answers and tokens: each user is changed once, and the record knows it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conftest import needs_azurite
from tests.crash.crash_system import CrashSystem
from tests.crash.one_kill import VISIO, Json, submit
from tests.support.eventually import eventually
from tests.system.checks import check_job

pytestmark = pytest.mark.system
PART = {"path": "assignLicense|users/", "scope": "subrequest"}
BATCH = {"path": r"\$batch", "scope": "call"}
SENT = {**BATCH, "skip": 4, "times": 6}
"""Six batches behind those of the submission and of the first readings: writes."""
LOST = {**PART, "method": "POST", "commit": True, "kind": "status", "status": 504}
STORMS: dict[str, list[Json]] = {
    "throttled": [
        {**PART, "kind": "status", "status": 429, "retryAfter": 1, "probability": 0.3, "times": 40}
    ],
    "unavailable": [{**PART, "kind": "status", "status": 503, "probability": 0.3, "times": 40}],
    "carried out, answered 504": [{**LOST, "probability": 0.4, "times": 40}],
    "carried out, connection dropped": [{**SENT, "kind": "drop", "commit": True}],
    "carried out, malformed": [{**SENT, "kind": "malformed", "commit": True}],
    "token refused": [{**SENT, "kind": "status", "status": 401}],
}


@pytest.fixture(autouse=True)
def calm(crash_system: CrashSystem) -> Iterator[None]:
    """No fault and no delay is left to the next test."""
    yield
    crash_system.control.clear_faults()
    crash_system.control.set_latency(0)


def body_for(group: str) -> Json:
    return {"action": "assign", "groupIds": [group], "licenses": [{"skuId": VISIO}]}


def test_storms(crash_system: CrashSystem) -> None:
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


@pytest.fixture(scope="module")
def impatient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CrashSystem]:
    """A host that tries three times."""
    with needs_azurite():
        system = CrashSystem(tmp_path_factory.mktemp("impatient"), {"RETRY_MAX_ATTEMPTS": "3"})
    with system:
        system.control.reset("empty")
        system.control.seed(skus=[{"skuPartNumber": "VISIOCLIENT", "enabled": 1_000_000}])
        yield system


def test_a_lasting_outage_ends_the_items_with_a_reason(impatient: CrashSystem) -> None:
    """Every write is answered 429; a start mends it afterwards."""
    control = impatient.control
    before = len(control.changes())
    seeded = control.seed(bulk=[{"displayName": "Outage", "users": 20, "usageLocation": "DE"}])
    control.add_faults({**PART, "method": "POST", "kind": "status", "status": 429, "retryAfter": 0})
    job = impatient.api.run(body_for(seeded["groupIds"][0]), 90, "Failed")
    items = impatient.api.items(job["id"])
    assert {(item["error"]["code"], item["attempts"]) for item in items} == {("Throttled", 3)}
    control.clear_faults()
    impatient.api.start(job["id"])
    job = impatient.api.wait(job["id"], 60, "Finished")
    check_job(impatient.api, control, job, before)


@pytest.mark.parametrize("carried_out", [True, False])
def test_the_answer_to_the_last_try_is_lost(impatient: CrashSystem, carried_out: bool) -> None:
    """Two refusals, then no answer: the user's state tells what became of the third try."""
    control = impatient.control
    before = len(control.changes())
    seeded = control.seed(bulk=[{"displayName": "Last try", "users": 20, "usageLocation": "DE"}])
    post = {**PART, "method": "POST", "kind": "status"}
    control.add_faults({**post, "status": 429, "retryAfter": 0, "times": 40})
    control.add_faults({**post, "status": 503, "commit": carried_out})
    expected = "Finished" if carried_out else "Failed"
    job = impatient.api.run(body_for(seeded["groupIds"][0]), 90, expected)
    control.clear_faults()
    items = check_job(impatient.api, control, job, before)
    code = None if carried_out else "GraphUnavailable"
    found = {(item["attempts"], item["error"] and item["error"]["code"]) for item in items.values()}
    assert found == {(3, code)}
