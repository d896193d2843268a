"""The watchdog: whatever was accepted and has no message alive is sent again.

Every job that has not ended has one row that comes due while it runs. Looking at a job costs nothing while it
moves; one that stands still although its queue is empty, or for longer than any message lives unseen, gets the
messages that its record says are missing. A message too many does no harm, so a doubt is settled by sending it.
"""

import logging
import math
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from shared.jobs import chunk, settle
from shared.jobs.messages import (
    LANES,
    ChunkMessage,
    JobMessage,
    Step,
    send_chunk,
    send_job,
)
from shared.jobs.records import ChunkTally, JobRecord, Phase
from shared.jobs.services import Services
from shared.storage.queues import CHUNKS, GROUPS, JOBS
from shared.storage.work_store import WATCH, Due

log = logging.getLogger(__name__)

INTERVAL = timedelta(seconds=60)
TURN_SECONDS = 10
STILL = timedelta(seconds=45)
"""A job that moved so recently is alive."""
HIDDEN = timedelta(minutes=15)
"""Longer than a killed host's message stays hidden (10 minutes): after that, waiting behind others is no excuse."""
DUE_AT_ONCE = 500


def arm(services: Services, job_id: str, not_before: datetime | None = None) -> None:
    """Have the job looked at while it has not ended. On full turns, so that two watches of a job become one."""
    at = max(services.clock(), not_before or services.clock()) + INTERVAL
    turn = math.ceil(at.timestamp() / TURN_SECONDS) * TURN_SECONDS
    services.work.set_due(Due(datetime.fromtimestamp(turn, UTC), job_id, WATCH))


def look(services: Services) -> None:
    """Handle what is due. A row that raises is left for the next turn; the others go on.

    Raises:
        Exception: the first that occurred, after everything was tried.
    """
    failure: Exception | None = None
    for due in services.work.due(DUE_AT_ONCE):
        try:
            _handle(services, due)
        except Exception as error:
            log.exception("looking after job %s failed", due.job_id)
            failure = failure or error
    if failure is not None:
        raise failure


def _handle(services: Services, due: Due) -> None:
    job = services.jobs.get(due.job_id)
    if job is not None and job.cancel_requested:  # whoever canceled it may have died before the message
        send_job(services.queues, JobMessage(job.job_id, Step.CANCEL))
    if due.what != WATCH:
        if job is not None and job.phase is Phase.RUNNING:
            chunk.retry(services, due)
        services.work.clear_due(due)
        return
    if job is not None and job.phase is Phase.ENDED:
        settle.settle(services, due.job_id)
    elif job is not None:
        arm(services, due.job_id, job.request.start_at)
        revive(services, job)
    services.work.clear_due(due)


def revive(services: Services, job: JobRecord) -> None:
    """Send what the record says is missing, if the job stands still."""
    now = services.clock()
    match job.phase:
        case Phase.ACCEPTED:
            start = job.request.start_at
            if (start is None or start < now) and _silent(services, JOBS, job.facts.created_at, now):
                _resend(services, job, Step.BEGIN)
        case Phase.EXPANDING:
            _revive_groups(services, job, now)
        case Phase.FANNING_OUT:
            _revive_step(services, job, Step.FAN_OUT, now)
        case Phase.RUNNING:
            _revive_chunks(services, job, now)
        case Phase.WRITING_FILE:
            _revive_step(services, job, Step.FILE, now)
        case Phase.HELD | Phase.ENDED:
            return


def _revive_step(services: Services, job: JobRecord, step: Step, now: datetime) -> None:
    if _silent(services, JOBS, job.started_at or job.facts.created_at, now):
        _resend(services, job, step)


def _resend(services: Services, job: JobRecord, step: Step) -> None:
    log.warning("job %s stood still; its message %s is sent again", job.job_id, step)
    send_job(services.queues, JobMessage(job.job_id, step))


def _revive_groups(services: Services, job: JobRecord, now: datetime) -> None:
    groups = services.jobs.groups(job.job_id)
    moved = [group.updated_at for group in groups.values() if group.updated_at]
    if not _silent(services, GROUPS, max(moved, default=job.started_at or job.facts.created_at), now):
        return
    _resend(
        services, job, Step.BEGIN
    )  # which posts the groups that have not ended, or goes on if none is left


def _revive_chunks(services: Services, job: JobRecord, now: datetime) -> None:
    tallies = services.jobs.tallies(job.job_id)
    waiting = [tally.retry_at for tally in tallies if tally.retry_at and tally.retry_at > now]
    moved = [*(tally.updated_at for tally in tallies if tally.updated_at), *waiting]
    if not _silent(services, CHUNKS, max(moved, default=job.started_at or job.facts.created_at), now):
        return
    log.warning("job %s stood still; its chunks are sent again", job.job_id)
    for index in _first_of_each_lane(job, tallies):
        send_chunk(services.queues, ChunkMessage(job.job_id, index, lane=True))
    settle.settle(services, job.job_id)


def _first_of_each_lane(job: JobRecord, tallies: Iterable[ChunkTally]) -> Iterable[int]:
    """The first chunk of each lane that has something left to do."""
    lanes: dict[int, int] = {}
    for tally in tallies:
        open_ = tally.counts.pending + tally.counts.retrying
        if tally.run < job.run:
            open_ += tally.counts.failed + tally.counts.canceled
        if open_:
            lanes.setdefault(tally.index % LANES, tally.index)
    return lanes.values()


def _silent(services: Services, queue: str, moved_at: datetime, now: datetime) -> bool:
    """Whether no message can be alive: none there is, or ours would have come back long ago."""
    if now - moved_at < STILL:
        return False
    return now - moved_at > HIDDEN or services.queues.length(queue) == 0
