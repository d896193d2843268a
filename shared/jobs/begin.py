"""A job's first step: take it up, and post one work item per group."""

import logging

from shared.errors import Conflict
from shared.jobs import expand, settle, source, view
from shared.jobs.changing import change_job
from shared.jobs.messages import GroupMessage, JobMessage, Step, send_group, send_job
from shared.jobs.records import GroupRecord, JobRecord, Phase
from shared.jobs.services import Services
from shared.models import CodedError, JobStatus

log = logging.getLogger(__name__)
MAX_WAIT_SECONDS = 24 * 3600
"""A job that starts later comes back at least daily, so that no message outlives its queue."""


def begin(services: Services, job_id: str) -> None:
    """Idempotent: a repeated message posts the missing work items again."""
    job = services.jobs.get(job_id)
    if job is None:
        log.warning("job %s is not on record; its message is dropped", job_id)
        return
    if job.cancel_requested and job.phase in (Phase.ACCEPTED, Phase.HELD):
        settle.settle(services, job_id)
        return
    if _starts_later(services, job) or _comes_second(services, job):
        return
    job = change_job(services, job_id, lambda job: _take_up(services, job)) or job
    if job.phase is Phase.EXPANDING:
        services.index.put(view.view(services, job))
        _post_groups(services, job)
    elif job.phase is Phase.FANNING_OUT:
        services.index.put(view.view(services, job))
        send_job(services.queues, JobMessage(job_id, Step.FAN_OUT))


def _starts_later(services: Services, job: JobRecord) -> bool:
    start = job.request.start_at
    if job.phase is not Phase.ACCEPTED or start is None:
        return False
    seconds = (start - services.clock()).total_seconds()
    if seconds <= 0:
        return False
    send_job(services.queues, JobMessage(job.job_id, Step.BEGIN), min(seconds, MAX_WAIT_SECONDS))
    return True


def _comes_second(services: Services, job: JobRecord) -> bool:
    """Whether its plan, or the job to undo, belongs to another job. A submission that died may not have taken it."""
    if job.phase is not Phase.ACCEPTED or job.started_at is not None:
        return False
    try:
        source.take(services, job)
    except Conflict as conflict:
        settle.end(services, job, (JobStatus.FAILED, CodedError(conflict.code, conflict.message)))
        return True
    return False


def _take_up(services: Services, job: JobRecord) -> bool:
    if job.phase is not Phase.ACCEPTED:
        return False
    job.phase = Phase.EXPANDING if job.facts.groups_are_read else Phase.FANNING_OUT
    job.status = JobStatus.IN_PROGRESS
    job.started_at = job.started_at or services.clock()
    return True


def _post_groups(services: Services, job: JobRecord) -> None:
    """For the groups that are not expanded; those that failed or were canceled in a former run begin afresh."""
    records = services.jobs.groups(job.job_id)
    waiting = False
    for index in range(len(job.facts.groups)):
        group = records.get(index, GroupRecord(index))
        if not group.belongs_to(job.run):
            group = GroupRecord(index, run=job.run, epoch=group.epoch + 1, etag=group.etag)
            services.jobs.save_group(job.job_id, group)
        if not group.status.terminal:
            send_group(services.queues, GroupMessage(job.job_id, index))
            waiting = True
    if not waiting:
        expand.fan_out_after_last(services, job)
