"""One chunk of users: take it, carry it out as far as Graph's limit allows, leave it at rest."""

import logging
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.jobs import items as rules
from shared.jobs import settle
from shared.jobs.carry_out import carry_out
from shared.jobs.changing import change_job
from shared.jobs.leave import take_leave
from shared.jobs.messages import LANES, ChunkMessage, send_chunk
from shared.jobs.portion import Portion
from shared.jobs.records import ChunkRecord, JobRecord, Phase, user_hash
from shared.jobs.services import Services
from shared.models import Action, CodedError, Item, ItemStatus
from shared.pacing import Wait
from shared.storage.tables import Superseded
from shared.storage.work_store import Claim, Due

log = logging.getLogger(__name__)

CLAIM_LEASE = timedelta(minutes=4)
"""Longer than a call may run; a message that comes back takes its own claim over at once."""
DEAD_CLAIM = timedelta(minutes=10)
"""A claim silent for so long no longer keeps other jobs from its users."""
SECONDS_PER_CALL = 60.0
PATIENCE_SECONDS = 5.0
"""Longest wait for one of Graph's limits inside a call; for more, the message goes back to the queue."""
EARLY_SECONDS = 2.5
"""A message that waited in the queue comes back so much earlier than it may write: polling takes its time."""
BUSY_SECONDS = 2.0
RETRY_GRACE = timedelta(seconds=30)
"""A retry has its own delayed message; the timer looks for it only when that is overdue."""


@dataclass(frozen=True, slots=True)
class _Rest:
    """How a chunk was left. `later`: seconds until this message should come back for what is left."""

    worked: bool = False
    busy: bool = False
    later: float | None = None


def work(services: Services, message: ChunkMessage, owner: str, *, again: bool = False) -> None:
    """Carry the chunk out and pass the lane on. `owner` is the queue message's id; `again`: it was delivered before.

    Idempotent: what is at rest is left alone, what another message holds is left to it.
    """
    job = services.jobs.get(message.job_id)
    if job is None or job.phase is not Phase.RUNNING:
        log.debug("chunk %d of job %s: the job does not run", message.chunk, message.job_id)
        return
    while message.chunk < job.chunks:
        rest = _work_on(services, job, message, owner, again=again)
        if rest.busy:
            return
        if rest.later is not None:
            send_chunk(services.queues, ChunkMessage(job.job_id, message.chunk, message.lane), rest.later)
            return
        if not message.lane:
            break
        message = ChunkMessage(job.job_id, message.chunk + LANES, lane=True)
        if rest.worked and message.chunk < job.chunks:
            send_chunk(services.queues, message)
            return
    settle.settle(services, job.job_id)


def _work_on(services: Services, job: JobRecord, message: ChunkMessage, owner: str, *, again: bool) -> _Rest:
    """Each change of a chunk's next retry sends one message, and those for former ones do nothing, so that copies do
    not each send another.
    """
    chunk = services.jobs.chunk(job.job_id, message.chunk)
    if chunk is None:
        log.error("chunk %d of job %s is not on record", message.chunk, job.job_id)
        return _Rest()
    _bring_to_run(chunk, job.run)
    stopping = job.cancel_requested or _stopped(services, job)
    todo = [item for item in chunk.items if _is_due(item, services.clock(), stopping)]
    overdue = _retry_at(chunk)
    if not todo or (message.retry_at not in (None, overdue) and not stopping):
        if again:
            _tidy(services, job, chunk, owner)
        return _Rest()
    try:
        rest = _claimed(
            services, job, chunk, todo, _claim(services, job, chunk, owner, message.lane), stopping
        )
    except Superseded:
        log.info("chunk %d of job %s changed under us; it comes back", message.chunk, job.job_id)
        return _Rest(later=1.0)
    if not rest.busy:
        _plan_retry(services, job, chunk, overdue, comes_back=rest.later is not None)
    return rest


def _tidy(services: Services, job: JobRecord, chunk: ChunkRecord, owner: str) -> None:
    """What a host that was killed after the results were on record did not come to."""
    services.work.release_left_behind(job.job_id, chunk.index, owner, in_doubt=_in_doubt(chunk))
    retry_at = _retry_at(chunk)
    if retry_at is not None:
        services.work.set_due(Due(retry_at + RETRY_GRACE, job.job_id, str(chunk.index)))


def _claimed(
    services: Services, job: JobRecord, chunk: ChunkRecord, todo: list[Item], claim: Claim, stopping: bool
) -> _Rest:
    if not _writes(job):
        portion = Portion(services, job, chunk, services.work.overlapping(claim), stopping)
        return _carry_out_all(services, portion, portion.cancel(todo) if stopping else todo, 0)
    hold = services.work.claim(claim)
    if hold is None:
        return _held_by_another(services, claim)
    others = services.work.overlapping(claim)
    if any(_alive(services, other) for other in others):
        services.work.release(claim, hold, in_doubt=_in_doubt(chunk))
        return _Rest(later=1 + 2 * services.random())
    portion = Portion(services, job, chunk, others, stopping)
    per_user = 2 if job.request.usage_location or job.request.action is Action.UNDO else 1
    try:
        if stopping:
            todo = portion.cancel(todo)
        rest = _carry_out_all(services, portion, todo, per_user)
    except Superseded:
        services.work.release(claim, hold, in_doubt=True)
        raise
    services.work.release(claim, hold, in_doubt=_in_doubt(chunk))
    return rest


def _held_by_another(services: Services, claim: Claim) -> _Rest:
    """The lane's message passes the lane on; a retry that has the chunk meanwhile does not, so it comes back."""
    holder = services.work.holder(claim)
    if claim.lane and (holder is None or not holder.lane):
        return _Rest(later=BUSY_SECONDS)
    return _Rest(busy=True)


def _carry_out_all(services: Services, portion: Portion, todo: list[Item], writes_per_user: int) -> _Rest:
    """In portions of what Graph's limits allow."""
    deadline = time.monotonic() + SECONDS_PER_CALL
    while todo:
        leave = take_leave(services, len(todo), writes_per_user, PATIENCE_SECONDS)
        if isinstance(leave, Wait):
            return _Rest(worked=True, later=max(1.0, leave.seconds - EARLY_SECONDS))
        try:
            carry_out(portion, todo[: leave.users])
        finally:
            leave.settle(services, portion.take_stamps())
        todo = todo[leave.users :]
        if todo and (portion.throttled or time.monotonic() > deadline):
            return _Rest(worked=True, later=0)
    return _Rest(worked=True)


def _bring_to_run(chunk: ChunkRecord, run: int) -> None:
    """A job started again takes up what failed or was canceled; what it did before stays on record."""
    if chunk.run >= run:
        return
    chunk.run = run
    for item in chunk.items:
        if item.status in (ItemStatus.FAILED, ItemStatus.CANCELED):
            rules.take_up_again(item)


def _is_due(item: Item, now: datetime, stopping: bool) -> bool:
    if item.status is ItemStatus.RETRYING and not stopping:
        return item.next_attempt_at is None or item.next_attempt_at <= now
    return not item.status.terminal


def _stopped(services: Services, job: JobRecord) -> bool:
    """Whether too many users failed; the first to see it puts it on record."""
    most = job.request.stop_after_failures
    if most is None or job.stopped:
        return job.stopped
    failed = sum(tally.counts.failed for tally in services.jobs.tallies(job.job_id) if tally.run >= job.run)
    if failed < most:
        return False

    def stop(job: JobRecord) -> bool:
        job.stopped = True
        job.error = CodedError(
            "TooManyFailures",
            f"{failed} users failed, and the job was to stop after {most}. Mend the cause, then start it again.",
        )
        return True

    change_job(services, job.job_id, stop)
    return True


def _plan_retry(
    services: Services, job: JobRecord, chunk: ChunkRecord, before: datetime | None, *, comes_back: bool
) -> None:
    """A delayed message for the next retry, and a row that the timer finds should that message be lost.

    A retry that came due meanwhile may have found the chunk taken; its message is sent again, unless the one at work
    `comes_back` anyway.
    """
    after = _retry_at(chunk)
    missed = after is not None and after <= services.clock() and not comes_back
    if after == before and not missed:
        return
    if after is not None:
        services.work.set_due(Due(after + RETRY_GRACE, job.job_id, str(chunk.index)))
    if before is not None and before != after:
        services.work.clear_due(Due(before + RETRY_GRACE, job.job_id, str(chunk.index)))
    if after is not None:
        delay = max(0.0, (after - services.clock()).total_seconds())
        message = ChunkMessage(job.job_id, chunk.index, lane=False, retry_at=after)
        send_chunk(services.queues, message, delay + 1)


def retry(services: Services, due: Due) -> None:
    """The timer found a retry whose message is overdue."""
    at = due.at - RETRY_GRACE
    send_chunk(services.queues, ChunkMessage(due.job_id, int(due.what), lane=False, retry_at=at))


def _retry_at(chunk: ChunkRecord) -> datetime | None:
    times = [item.next_attempt_at for item in chunk.items if item.status is ItemStatus.RETRYING]
    return min((at for at in times if at is not None), default=None)


def _writes(job: JobRecord) -> bool:
    return not job.request.dry_run and job.request.action is not Action.EXPORT


def _in_doubt(chunk: ChunkRecord) -> bool:
    return any(map(rules.in_doubt, chunk.items))


def _alive(services: Services, claim: Claim) -> bool:
    """Whether its users are being changed. A host that was killed last of all leaves a claim without a job."""
    if claim.released_at is not None or claim.lease_until + DEAD_CLAIM <= services.clock():
        return False
    job = services.jobs.get(claim.job_id)
    return job is not None and job.phase is Phase.RUNNING


def _claim(services: Services, job: JobRecord, chunk: ChunkRecord, owner: str, lane: bool) -> Claim:
    hashes = [user_hash(item.user_id) for item in chunk.items]
    return Claim(
        job_id=job.job_id,
        chunk=chunk.index,
        low=min(hashes),
        high=max(hashes),
        owner=owner,
        lease_until=services.clock() + CLAIM_LEASE,
        lane=lane,
    )
