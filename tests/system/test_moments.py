"""What a person or another message does between two steps of a job.

The app runs in this process, one message at a time, so that the moment can be chosen.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from bench.pump import Pump, identity
from shared.errors import Conflict
from shared.jobs import chunk, control, settle, source, view
from shared.jobs.leave import take_leave
from shared.jobs.messages import ChunkMessage
from shared.jobs.records import JobRecord, Phase, user_hash
from shared.jobs.services import Services
from shared.models import Caller, ItemStatus, JobStatus, JobView
from shared.storage.queues import CHUNKS
from shared.storage.work_store import Claim
from tests.support.azurite import Azurite
from tests.support.graph import GraphSimulator
from tests.system.tenants import VISIO

pytestmark = pytest.mark.azurite
ANN = Caller("Ann", "user", "user|ann")
ASSIGN = {"action": "assign", "licenses": [{"skuId": VISIO}]}


@pytest.fixture
def pump(azurite: Azurite, graph: GraphSimulator, monkeypatch: pytest.MonkeyPatch) -> Pump:
    """The app, and a tenant with 1,000 units of Visio."""
    for name, value in identity(graph.base_url).items():
        monkeypatch.setenv(name, value)
    graph.control.seed(skus=[{"skuPartNumber": "VISIOCLIENT", "skuId": VISIO, "enabled": 1000}])
    return Pump(azurite.connection_string, graph.base_url, {"CLOUD": "local", "RETRY_MAX_ATTEMPTS": "5"})


def group(graph: GraphSimulator, users: int, location: str | None = "DE") -> str:
    bulk = {"displayName": f"{users} in {location}", "users": users, "usageLocation": location}
    return str(graph.control.seed(bulk=[bulk])["groupIds"][0])


def on_record(pump: Pump, job_id: str) -> JobRecord:
    job = pump.app.services.jobs.get(job_id)
    assert job is not None
    return job


def statuses(pump: Pump, job_id: str) -> list[ItemStatus]:
    return [item.status for chunk in pump.app.services.jobs.chunks(job_id) for item in chunk.items]


def once(monkeypatch: pytest.MonkeyPatch, module: Any, name: str, first: Callable[[], object]) -> None:
    """Do `first` before the next call of the function."""
    real = getattr(module, name)

    def overtaken(*args: Any) -> Any:
        monkeypatch.setattr(module, name, real)
        first()
        return real(*args)

    monkeypatch.setattr(module, name, overtaken)


def test_an_export_canceled_while_its_last_users_are_read_has_its_file(
    pump: Pump, graph: GraphSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing was left to cancel, so it is Finished; and what is Finished has a file."""
    job_id = pump.submit({"action": "export", "groupIds": [group(graph, 10)]})["id"]
    once(monkeypatch, chunk, "take_leave", lambda: control.cancel(pump.app.services, job_id, ANN))
    pump.run()
    job = on_record(pump, job_id)
    assert job.status is JobStatus.FINISHED
    assert job.file is not None


def test_a_canceled_export_does_not_wait_for_graph(pump: Pump, graph: GraphSimulator) -> None:
    job_id = pump.submit({"action": "export", "groupIds": [group(graph, 10)]})["id"]
    graph.control.add_faults({"kind": "status", "status": 503, "path": "^/users/"})
    pump.run()
    assert set(statuses(pump, job_id)) == {ItemStatus.RETRYING}
    control.cancel(pump.app.services, job_id, ANN)
    pump.run()
    assert on_record(pump, job_id).status is JobStatus.CANCELED
    assert set(statuses(pump, job_id)) == {ItemStatus.CANCELED}


def test_a_canceled_job_does_not_wait_for_a_group_that_is_tried_again(
    pump: Pump, graph: GraphSimulator
) -> None:
    group_id = group(graph, 10)
    graph.control.add_faults({"kind": "status", "status": 503, "path": "transitiveMembers"})
    job_id = pump.submit({**ASSIGN, "groupIds": [group_id]})["id"]
    pump.run()
    assert on_record(pump, job_id).phase is Phase.EXPANDING
    control.cancel(pump.app.services, job_id, ANN)
    pump.run()
    assert on_record(pump, job_id).status is JobStatus.CANCELED


def test_a_job_that_was_started_again_is_not_ended_by_its_former_run(
    pump: Pump, graph: GraphSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = pump.app.services
    job_id = pump.submit({**ASSIGN, "groupIds": [group(graph, 10, location=None)]})["id"]
    real = view.view

    def overtaken(services: Services, job: JobRecord) -> JobView:
        seen = real(services, job)
        if job.phase is Phase.RUNNING and seen.counts.failed == 10:
            monkeypatch.setattr(view, "view", real)
            settle.settle(services, job_id)
            control.start(services, job_id, ANN)
        return seen

    monkeypatch.setattr(view, "view", overtaken)
    pump.run()
    job = on_record(pump, job_id)
    assert (job.run, job.phase) == (1, Phase.ENDED)
    assert [item.attempts for chunk in services.jobs.chunks(job_id) for item in chunk.items] == [2] * 10


def test_a_plan_that_is_carried_out_is_not_made_anew(pump: Pump, graph: GraphSimulator) -> None:
    """Its users would be changed although nobody saw them in it."""
    services = pump.app.services
    good, broken = group(graph, 10), group(graph, 20)
    graph.control.add_faults({"kind": "status", "status": 403, "path": f"groups/{broken}/"})
    plan_id = pump.submit({**ASSIGN, "groupIds": [good, broken], "dryRun": True})["id"]
    pump.run()
    graph.control.clear_faults()
    job_id = pump.submit({"plan": plan_id, "confirm": True})["id"]
    with pytest.raises(Conflict) as raised:
        control.start(services, plan_id, ANN)
    assert raised.value.code == "JobNotStartable"
    pump.run()
    assert statuses(pump, job_id) == [ItemStatus.CHANGED] * 10


def test_a_plan_that_is_made_anew_is_not_carried_out(
    pump: Pump, graph: GraphSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = pump.app.services
    groups = [group(graph, 10), group(graph, 10, location=None)]
    plan_id = pump.submit({**ASSIGN, "groupIds": groups, "dryRun": True})["id"]
    pump.run()
    once(monkeypatch, source, "take", lambda: control.start(services, plan_id, ANN))
    with pytest.raises(AssertionError, match="PlanNotUsable"):
        pump.submit({"plan": plan_id, "confirm": True})
    assert on_record(pump, plan_id).carried_out_by is None


def test_users_that_a_dry_run_did_not_come_to_are_left_alone(pump: Pump, graph: GraphSimulator) -> None:
    """Also where the job that carries the plan out is started again."""
    services = pump.app.services
    groups = [group(graph, 100), group(graph, 30, location=None)]
    asked = {**ASSIGN, "groupIds": groups, "dryRun": True, "stopAfterFailures": 1}
    plan_id = pump.submit(asked)["id"]
    pump.run()
    planned = statuses(pump, plan_id).count(ItemStatus.CHANGED)
    assert ItemStatus.CANCELED in statuses(pump, plan_id)

    job_id = pump.submit({"plan": plan_id, "confirm": True})["id"]
    pump.run()
    control.start(services, job_id, ANN)
    pump.run()
    assert statuses(pump, job_id).count(ItemStatus.CHANGED) == planned
    assert len([change for change in graph.control.changes() if change["changed"]]) == planned
    reasons = {item.reason for chunk in services.jobs.chunks(job_id) for item in chunk.items}
    assert reasons == {None, "PlanOutdated", "UsageLocationMissing"}


@pytest.mark.parametrize("by_lane", [False, True], ids=["a retry: it comes back", "the lane: it goes"])
def test_a_lane_waits_for_a_chunk_that_something_else_has(
    pump: Pump, graph: GraphSimulator, monkeypatch: pytest.MonkeyPatch, *, by_lane: bool
) -> None:
    services = pump.app.services
    job_id = pump.submit({**ASSIGN, "groupIds": [group(graph, 10)]})["id"]
    monkeypatch.setattr(chunk, "work", lambda *_, **__: None)
    pump.run()
    monkeypatch.undo()
    record = services.jobs.chunk(job_id, 0)
    assert record is not None
    hashes = sorted(user_hash(item.user_id) for item in record.items)
    lease = services.clock() + timedelta(minutes=4)
    assert services.work.claim(Claim(job_id, 0, hashes[0], hashes[-1], "other", lease, lane=by_lane))

    chunk.work(services, ChunkMessage(job_id, 0, lane=True), "lane")

    assert services.queues.length(CHUNKS) == (0 if by_lane else 1)


def test_a_retry_that_came_while_the_chunk_was_worked_on_is_sent_again(
    pump: Pump, graph: GraphSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = pump.app.services
    job_id = pump.submit({**ASSIGN, "groupIds": [group(graph, 10)]})["id"]
    work = chunk.work
    monkeypatch.setattr(chunk, "work", lambda *_, **__: None)
    pump.run()
    monkeypatch.setattr(chunk, "work", work)
    record = services.jobs.chunk(job_id, 0)
    assert record is not None
    late = record.items[0]
    late.status, late.next_attempt_at = ItemStatus.RETRYING, services.clock() + timedelta(seconds=0.5)
    services.jobs.save_chunk(job_id, record)
    due = late.next_attempt_at

    def after_it_came_due(*args: Any) -> Any:
        while services.clock() <= due:
            pass
        return take_leave(*args)

    monkeypatch.setattr(chunk, "take_leave", after_it_came_due)
    chunk.work(services, ChunkMessage(job_id, 0, lane=True), "lane")
    assert sorted(statuses(pump, job_id)) == [ItemStatus.CHANGED] * 9 + [ItemStatus.RETRYING]
    assert services.queues.length(CHUNKS) == 1
