"""What a person may do with a job: start it again, cancel it."""

import logging

from shared.errors import Conflict, NotFound
from shared.jobs import settle, source, view, watch
from shared.jobs.changing import change_job
from shared.jobs.messages import (
    LANES,
    ChunkMessage,
    GroupMessage,
    JobMessage,
    Step,
    send_chunk,
    send_group,
    send_job,
)
from shared.jobs.records import JobRecord, Order, Phase
from shared.jobs.services import Services
from shared.models import Caller, JobStatus, JobView

log = logging.getLogger(__name__)
_STARTABLE = (JobStatus.FAILED, JobStatus.FINISHED_WITH_EXCEPTION, JobStatus.CANCELED)


def job_on_record(services: Services, job_id: str) -> JobRecord:
    """Raises NotFound (`JobNotFound`)."""
    job = services.jobs.get(job_id)
    if job is None:
        raise NotFound(f"There is no job {job_id}.", code="JobNotFound", target="id")
    return job


def start(services: Services, job_id: str, by: Caller) -> JobView:
    """Take up failed and canceled items, and groups that failed or were not expanded. Nothing that took effect runs
    again.

    Raises:
        NotFound: JobNotFound.
        Conflict: JobNotStartable.
    """
    job_on_record(services, job_id)
    watch.arm(services, job_id)

    def to_started(job: JobRecord) -> bool:
        job.start_order = Order(by, services.clock())
        if job.phase is Phase.HELD:
            job.phase, job.status, job.error = Phase.ACCEPTED, JobStatus.WAITING, None
            job.cutoff = services.clock()
            return True
        if job.status not in _STARTABLE:
            raise Conflict(
                f"The job is {job.status}: only a failed or canceled one, or one that finished with exceptions, can be "
                "started.",
                code="JobNotStartable",
            )
        source.refuse_start_of_used_plan(services, job)
        job.run += 1
        job.phase, job.status = Phase.ACCEPTED, JobStatus.WAITING
        job.cancel_requested = job.stopped = False
        job.error, job.finished_at, job.scarce = None, None, ()
        return True

    job = change_job(services, job_id, to_started)
    if job is None:
        raise NotFound(f"There is no job {job_id}.", code="JobNotFound", target="id")
    now = view.view(services, job)
    services.index.put(now)
    send_job(services.queues, JobMessage(job_id, Step.BEGIN))
    log.info("job %s is started again (run %d)", job_id, job.run)
    return now


def cancel(services: Services, job_id: str, by: Caller) -> JobView:
    """Stop what has not begun; what is under way ends as it must.

    Raises:
        NotFound: JobNotFound.
        Conflict: JobNotCancelable.
    """
    job_on_record(services, job_id)
    watch.arm(services, job_id)  # a row that was lost, as where tables were restored, is made anew

    def to_canceling(job: JobRecord) -> bool:
        if job.status.terminal:
            raise Conflict(f"The job is {job.status} already.", code="JobNotCancelable")
        job.cancel_requested, job.cancel_order = True, Order(by, services.clock())
        return True

    if change_job(services, job_id, to_canceling) is None:
        raise NotFound(f"There is no job {job_id}.", code="JobNotFound", target="id")
    send_job(services.queues, JobMessage(job_id, Step.CANCEL))
    settle.settle(services, job_id)
    return view.view(services, job_on_record(services, job_id))


def spread_cancel(services: Services, job_id: str) -> None:
    """The message behind `cancel`: what waits for a retry or for the write limit ends now, not then."""
    job = services.jobs.get(job_id)
    if job is None or not job.cancel_requested:
        return
    if job.phase is Phase.EXPANDING:
        for group in services.jobs.groups(job_id).values():
            if group.error is not None and not group.has_ended(job.run):
                send_group(services.queues, GroupMessage(job_id, group.index))
    if job.phase is Phase.RUNNING:
        for tally in services.jobs.tallies(job_id):
            waiting = tally.counts.retrying or tally.index < LANES
            if waiting and tally.counts.pending + tally.counts.retrying:
                send_chunk(services.queues, ChunkMessage(job_id, tally.index, lane=tally.index < LANES))
    settle.settle(services, job_id)
