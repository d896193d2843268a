"""Messages that come twice, late, or from nobody knows where."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from azure.storage.queue import QueueServiceClient

from tests.conftest import needs_azurite
from tests.crash.crash_system import CrashSystem
from tests.crash.one_kill import VISIO, Json
from tests.support.eventually import eventually
from tests.system.checks import check_job

pytestmark = pytest.mark.system
USERS = 300
QUEUES = ("license-jobs", "license-groups", "license-chunks")
UNKNOWN = "11111111-2222-4333-8444-555555555555"


@pytest.fixture(scope="module")
def notes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every message that the host sends, a JSON line each: queue and text."""
    return tmp_path_factory.mktemp("notes") / "messages.jsonl"


@pytest.fixture(scope="module")
def doubled(tmp_path_factory: pytest.TempPathFactory, notes: Path) -> Iterator[CrashSystem]:
    """Two hosts, and each message is there twice."""
    settings = {"CRASH_TWICE": "1", "CRASH_MESSAGES": str(notes)}
    with needs_azurite():
        system = CrashSystem(tmp_path_factory.mktemp("doubled"), settings, hosts=2)
    with system:
        system.control.reset("empty")
        system.control.seed(skus=[{"skuPartNumber": "VISIOCLIENT", "enabled": 1_000_000}])
        yield system


def post(system: CrashSystem, queue: str, text: str, *, encoded: bool = True) -> None:
    """A message from outside."""
    with QueueServiceClient.from_connection_string(system.azurite.connection_string) as queues:
        body = base64.b64encode(text.encode()).decode() if encoded else text
        queues.get_queue_client(queue).send_message(body)


def waiting(system: CrashSystem) -> int:
    """Messages on the queues of work, hidden ones included."""
    with QueueServiceClient.from_connection_string(system.azurite.connection_string) as queues:
        found = [queues.get_queue_client(queue).get_queue_properties() for queue in QUEUES]
    return sum(properties.approximate_message_count or 0 for properties in found)


def poisoned(system: CrashSystem) -> int:
    """What health tells of messages that could not be handled."""
    health = system.api.read("health")
    return sum(queue["poison"] for queue in health["queues"])


def test_each_message_twice_and_all_of_them_again_after_the_end(doubled: CrashSystem, notes: Path) -> None:
    api, control = doubled.api, doubled.control
    before = len(control.changes())
    first = control.seed(bulk=[{"displayName": "One", "users": USERS, "firstIndex": 0}])["groupIds"][0]
    second = control.seed(bulk=[{"displayName": "Two", "users": USERS, "firstIndex": USERS // 2}])[
        "groupIds"
    ][0]
    body: Json = {"action": "assign", "groupIds": [first, second], "licenses": [{"skuId": VISIO}]}
    job = api.run({**body, "usageLocation": "FR"}, 120, "Finished")
    assert job["counts"]["changed"] == USERS * 3 // 2
    items = check_job(api, control, job, before)
    written = len(control.changes())

    for line in notes.read_text(encoding="utf-8").splitlines():
        post(doubled, *json.loads(line))
    eventually(
        lambda: waiting(doubled), lambda left: left == 0, within=60, what="the end of all old messages"
    )

    assert api.job(job["id"]) == job
    assert api.items_by_user(job["id"]) == items
    assert len(control.changes()) == written


def test_old_messages_do_not_disturb_a_job_that_is_started_again(doubled: CrashSystem, notes: Path) -> None:
    """Among them the fan-out of the first run: it must not pass for that of the second."""
    api, control = doubled.api, doubled.control
    before = len(control.changes())
    seeded = control.seed(bulk=[{"displayName": n, "users": 60} for n in ("Good", "Broken")])["groupIds"]
    control.add_faults({"kind": "status", "status": 403, "path": f"groups/{seeded[1]}/"})
    body: Json = {"action": "assign", "groupIds": seeded, "licenses": [{"skuId": VISIO}]}
    job = api.run(body, 60, "FinishedWithException")
    control.clear_faults()
    assert job["counts"]["changed"] == 60

    old = notes.read_text(encoding="utf-8").splitlines()
    api.start(job["id"])
    for line in old:
        if job["id"] in line:
            post(doubled, *json.loads(line))
    post(doubled, "license-jobs", json.dumps({"jobId": job["id"], "step": "fanOut", "part": 0, "first": 0}))
    post(doubled, "license-jobs", json.dumps({"jobId": job["id"], "step": "fanOut", "part": 7, "first": 0}))
    job = api.wait(job["id"], 60, "Finished")

    assert job["counts"]["changed"] == 120
    check_job(api, control, job, before)


GARBAGE = (
    "",
    "not JSON",
    "null",
    "[]",
    '"text"',
    "{}",
    "[" * 20_000,
    '{"jobId": 7, "step": "begin", "group": 0, "chunk": 0, "lane": true}',
    '{"jobId": "../jobs?x=1#\'", "step": "begin", "group": 0, "chunk": 0, "lane": true}',
    json.dumps({"jobId": UNKNOWN, "step": "dance", "group": -1, "chunk": -1, "lane": 1}),
    json.dumps({"jobId": UNKNOWN, "step": None, "group": 1.5, "chunk": "0", "lane": True}),
    "\u0000\ufffd",
)


@pytest.mark.parametrize("queue", QUEUES)
def test_garbage_is_recorded_and_stops_nothing(crash_system: CrashSystem, queue: str) -> None:
    before = poisoned(crash_system)
    for text in GARBAGE:
        post(crash_system, queue, text)
        post(crash_system, f"{queue}-poison", text)
    post(crash_system, queue, "this is not base64!", encoded=False)
    expected = before + 2 * len(GARBAGE) + 1
    eventually(
        lambda: (poisoned(crash_system), waiting(crash_system)),
        lambda found: found == (expected, 0),
        within=60,
        what=f"{expected} recorded messages and an empty queue",
    )


def test_well_formed_messages_about_nothing_do_nothing(crash_system: CrashSystem) -> None:
    """Unknown jobs, and absurd numbers about one that has ended."""
    control = crash_system.control
    group = control.seed(bulk=[{"displayName": "Few", "users": 3}])["groupIds"][0]
    body: Json = {"action": "assign", "groupIds": [group], "licenses": [{"skuId": VISIO}]}
    job = crash_system.api.run(body, 60, "Finished")
    before, changes = poisoned(crash_system), len(control.changes())
    for job_id in (UNKNOWN, job["id"]):
        for queue in QUEUES:
            for poison in ("", "-poison"):
                for number in (0, 10**30):
                    message = {"jobId": job_id, "group": number, "chunk": number, "lane": True}
                    post(
                        crash_system,
                        queue + poison,
                        json.dumps({**message, "step": "fanOut", "part": number}),
                    )
    eventually(
        lambda: (poisoned(crash_system), waiting(crash_system)),
        lambda found: found == (before + 12, 0),
        within=60,
        what="the end of all messages",
    )
    assert crash_system.api.job(job["id"]) == job
    assert len(control.changes()) == changes
