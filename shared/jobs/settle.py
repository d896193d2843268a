"""The end of a job: once nothing is left to do, and only then."""

import logging

from shared.events.publish import publish_end
from shared.jobs import view
from shared.jobs.changing import advance, change_job
from shared.jobs.messages import JobMessage, Step, send_job
from shared.jobs.records import JobRecord, Phase
from shared.jobs.services import Services
from shared.models import Action, CodedError, Counts, GroupStatus, JobStatus, JobView

log = logging.getLogger(__name__)


def settle(services: Services, job_id: str) -> None:
    """End the job if nothing is pending. Idempotent; a repeated message finishes what a killed one began."""
    job = services.jobs.get(job_id)
    if job is None:
        return
    if job.phase is Phase.ENDED:
        _publish(services, job, view.view(services, job))
        return
    if job.phase is Phase.RUNNING and services.jobs.has_open_chunk(job_id, job.run):
        return  # found out by one row: the lanes of a large job end at once, and each tally in memory would be many
    now = view.view(services, job)
    if not _complete(job, now):
        return
    how = outcome(job, now)
    if job.request.action is Action.EXPORT and how[0] is not JobStatus.CANCELED and _any_group(now):
        _write_file(services, job)
        return
    end(services, job, how)


def end(services: Services, read: JobRecord, how: tuple[JobStatus, CodedError | None]) -> None:
    """Put the end on record, unless the job went on since it was `read`: how it ends was found out for that state."""
    status, error = how

    def to_ended(job: JobRecord) -> bool:
        if job.phase is Phase.ENDED or not job.is_still(read):
            return False
        job.phase, job.status, job.error = Phase.ENDED, status, error
        job.finished_at = services.clock()
        return True

    ended = change_job(services, read.job_id, to_ended)
    if ended is not None and ended.phase is Phase.ENDED:
        log.info("job %s ended: %s", ended.job_id, ended.status)
        _publish(services, ended, view.view(services, ended))


def _publish(services: Services, job: JobRecord, now: JobView) -> None:
    """What follows from the end; each step idempotent. The watchdog brings us here once more before it lets go."""
    services.index.put(now)
    publish_end(services, job, now)


def _complete(job: JobRecord, now: JobView) -> bool:
    if job.cancel_requested and job.phase in (Phase.ACCEPTED, Phase.HELD):
        return True
    if job.phase is not Phase.RUNNING:
        return False
    return now.counts.pending == 0 and now.counts.retrying == 0


def _write_file(services: Services, read: JobRecord) -> None:
    """Of several messages that find nothing left to do, one has the file written. The watchdog does if it dies."""
    if advance(services, read, Phase.WRITING_FILE):
        send_job(services.queues, JobMessage(read.job_id, Step.FILE))


def _any_group(now: JobView) -> bool:
    return any(group.status is GroupStatus.DONE for group in now.groups)


def outcome(job: JobRecord, now: JobView) -> tuple[JobStatus, CodedError | None]:
    """Unchanged counts as success. The error is never missing where the job did not end Finished."""
    counts = now.counts
    groups = [group.status for group in now.groups]
    groups_failed = len(_unread(now))
    not_begun = job.phase in (Phase.ACCEPTED, Phase.HELD)
    if job.cancel_requested and (not_begun or counts.canceled or GroupStatus.CANCELED in groups):
        return JobStatus.CANCELED, CodedError("Canceled", f"A person canceled the job; {_summary(now)}")
    if not counts.failed and not groups_failed:
        return JobStatus.FINISHED, job.error
    all_items = counts.total > 0 and counts.failed == counts.total
    if all_items or (groups and groups_failed == len(groups)):
        return JobStatus.FAILED, job.error or CodedError("Failed", _summary(now))
    return JobStatus.FINISHED_WITH_EXCEPTION, job.error or CodedError("FinishedWithException", _summary(now))


def _summary(now: JobView) -> str:
    """`12 of 40 users failed: see the items with status failed.`"""
    counts: Counts = now.counts
    unread = _unread(now)
    parts = []
    if counts.failed:
        parts.append(f"{counts.failed} of {counts.total} users failed: the failed items say why")
    if counts.canceled:
        parts.append(f"{counts.canceled} of {counts.total} users were not begun")
    if unread:
        parts.append(f"{len(unread)} of {len(now.groups)} groups could not be read: {', '.join(unread[:5])}")
    return "; ".join(parts or ["nothing was begun"]) + "."


def _unread(now: JobView) -> list[str]:
    """Names of the groups that failed, or of which nobody knows how they ended: never taken for read."""
    ended_well = (GroupStatus.DONE, GroupStatus.CANCELED)
    return [group.display_name for group in now.groups if group.status not in ended_well]
