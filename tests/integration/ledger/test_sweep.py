"""When a sweep makes a job, which one, and when it asks a person first."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from shared.app import App
from shared.config import Settings, load_settings
from shared.jobs import control, settle
from shared.jobs.begin import begin
from shared.jobs.fan_out import fan_out
from shared.jobs.messages import JobMessage, Step
from shared.jobs.records import JobRecord, Phase
from shared.jobs.services import Services
from shared.jobs.sweep import sweep
from shared.models import Action, CodedError, JobStatus
from shared.storage import tables
from shared.storage.connection import Storage
from shared.storage.job_store import JobStore
from shared.storage.queues import JOBS
from shared.storage.work_store import WATCH
from tests.integration.ledger.builders import (
    ADELE,
    LATER,
    NOW,
    PAST,
    SetClock,
    give,
    item,
    items,
    opens,
)
from tests.support.azurite import Azurite

MOST = 3
"""EXPIRY_MAX_REMOVALS of these tests."""


@pytest.fixture
def settings(azurite: Azurite) -> Settings:
    return load_settings(
        {
            "AzureWebJobsStorage": azurite.connection_string,
            "EXPIRY_MAX_REMOVALS": str(MOST),
            "GRAPH_ENDPOINT": "http://127.0.0.1:9/v1.0",  # no sweep asks Graph before its job runs
        }
    )


@pytest.fixture
def host(settings: Settings, clock: SetClock) -> Callable[[], Services]:
    """Another host on the same storage."""
    return lambda: App(settings, clock).services


@pytest.fixture
def services(host: Callable[[], Services]) -> Services:
    return host()


def sweeps(services: Services) -> list[JobRecord]:
    """The sweeps on record, as the list of jobs has them, newest first."""
    entries = services.index.newest_first(action="expire")
    records = [services.jobs.get(entry.job_id) for entry in entries]
    return [record for record in records if record]


def the_sweep(services: Services) -> JobRecord:
    (only,) = sweeps(services)
    return only


def messages(services: Services) -> int:
    return services.queues.length(JOBS)


def end(services: Services, job: JobRecord) -> None:
    settle.end(services, job, (JobStatus.FAILED, CodedError("Failed", "as this test wants it")))


def test_nothing_due_makes_no_job(services: Services) -> None:
    sweep(services)
    give(services.ledger, [item()], opens(LATER))
    sweep(services)

    assert sweeps(services) == []
    assert messages(services) == 0


def test_what_is_due_makes_one_job(services: Services, clock: SetClock) -> None:
    give(services.ledger, items(2), opens(NOW))
    give(services.ledger, [item(2)], opens(NOW + timedelta(microseconds=1)))

    sweep(services)

    job = the_sweep(services)
    assert (job.request.action, job.status, job.phase) == (Action.EXPIRE, JobStatus.WAITING, Phase.ACCEPTED)
    assert (job.facts.created_by.name, job.facts.created_by.kind) == ("Expiry sweep", "timer")
    assert (job.cutoff, job.error, job.facts.groups) == (NOW, None, ())
    assert messages(services) == 1
    clock.advance(timedelta(minutes=5))
    assert [(due.job_id, due.what) for due in services.work.due(10)] == [(job.job_id, WATCH)]


def test_no_second_sweep_while_one_has_not_ended(services: Services) -> None:
    give(services.ledger, [item()], opens(PAST))
    for _ in range(3):
        sweep(services)

    assert len(sweeps(services)) == 1
    assert messages(services) == 1


def test_the_next_sweep_tries_what_the_last_one_could_not_take(services: Services, clock: SetClock) -> None:
    give(services.ledger, [item()], opens(PAST))
    sweep(services)
    end(services, the_sweep(services))
    clock.advance(timedelta(minutes=15))

    sweep(services)

    second, first = sweeps(services)
    assert second.job_id != first.job_id
    assert (second.phase, second.cutoff) == (Phase.ACCEPTED, NOW + timedelta(minutes=15))


def test_two_hosts_at_once_make_one_job(host: Callable[[], Services]) -> None:
    hosts = [host() for _ in range(4)]
    give(hosts[0].ledger, [item()], opens(PAST))

    with ThreadPoolExecutor(len(hosts)) as pool:
        list(pool.map(sweep, hosts))

    assert the_sweep(hosts[0]).phase is Phase.ACCEPTED
    assert messages(hosts[0]) == 1


class _StoreOfASlowHost(JobStore):
    """Lets the other host sweep between this one's look at the chain and its own sweep."""

    meanwhile: Callable[[], None] | None = None

    def create(self, job: JobRecord) -> bool:
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile:
            meanwhile()
        return super().create(job)


def test_a_host_that_decided_long_ago_makes_no_second_job(
    host: Callable[[], Services], settings: Settings, clock: SetClock
) -> None:
    """The other one's sweep has even ended by then, and left something that is due."""
    fast = host()
    app = App(settings, clock)
    store = _StoreOfASlowHost(app.storage, clock)
    slow = replace(app.services, jobs=store)
    give(fast.ledger, [item()], opens(PAST))

    def the_other_sweeps() -> None:
        sweep(fast)
        end(fast, the_sweep(fast))

    store.meanwhile = the_other_sweeps
    sweep(slow)

    assert the_sweep(fast).phase is Phase.ENDED


@pytest.mark.parametrize("noted", ["nothing", "an earlier one"])
def test_a_note_that_was_lost_or_written_late_does_not_fork_the_chain(
    services: Services, storage: Storage, clock: SetClock, noted: str
) -> None:
    give(services.ledger, [item()], opens(PAST))
    for _ in range(3):
        sweep(services)
        end(services, sweeps(services)[0])
        clock.advance(timedelta(minutes=15))
    sweep(services)
    if noted == "nothing":
        tables.delete(storage.table("grants"), "grants", "sweep")
    else:
        services.ledger.note_sweep(sweeps(services)[-1].job_id)

    sweep(services)

    assert len(sweeps(services)) == 4
    assert services.ledger.last_sweep() == sweeps(services)[0].job_id


def test_more_than_the_limit_waits_for_a_person(services: Services) -> None:
    give(services.ledger, items(MOST + 1), opens(PAST))

    sweep(services)
    sweep(services)

    job = the_sweep(services)
    assert (job.status, job.phase) == (JobStatus.WAITING, Phase.HELD)
    assert job.error is not None
    assert job.error.code == "ExpiryLimitReached"
    for part in ("4 temporary licenses", "the 3 that", "EXPIRY_MAX_REMOVALS", "start this job", "cancel it"):
        assert part in job.error.message
    assert messages(services) == 0
    begin(services, job.job_id)
    assert the_sweep(services).phase is Phase.HELD


def test_the_limit_itself_is_not_more(services: Services) -> None:
    give(services.ledger, items(MOST), opens(PAST))

    sweep(services)

    assert the_sweep(services).phase is Phase.ACCEPTED


def test_a_held_sweep_that_is_started_takes_what_is_due_then(services: Services, clock: SetClock) -> None:
    give(services.ledger, items(MOST + 1), opens(PAST))
    sweep(services)
    give(services.ledger, [item(77)], opens(NOW + timedelta(minutes=1)))
    clock.advance(timedelta(minutes=2))

    control.start(services, the_sweep(services).job_id, ADELE)
    begin(services, the_sweep(services).job_id)
    fan_out(services, JobMessage(the_sweep(services).job_id, Step.FAN_OUT))

    job = the_sweep(services)
    assert (job.phase, job.cutoff, job.error) == (Phase.RUNNING, NOW + timedelta(minutes=2), None)
    (chunk,) = services.jobs.chunks(job.job_id)
    assert len(chunk.items) == MOST + 2


def test_after_a_held_sweep_was_canceled_the_next_one_asks_again(services: Services, clock: SetClock) -> None:
    give(services.ledger, items(MOST + 1), opens(PAST))
    sweep(services)
    control.cancel(services, the_sweep(services).job_id, ADELE)
    clock.advance(timedelta(minutes=15))

    sweep(services)

    second, first = sweeps(services)
    assert (first.status, second.phase) == (JobStatus.CANCELED, Phase.HELD)
    assert services.ledger.count_due(NOW) == MOST + 1


def test_a_held_sweep_comes_back_into_the_list_if_a_crash_kept_it_out(services: Services) -> None:
    give(services.ledger, items(MOST + 1), opens(PAST))
    sweep(services)
    job = the_sweep(services)
    services.index.delete(job.facts.created_at, job.job_id)

    sweep(services)

    assert the_sweep(services).job_id == job.job_id
