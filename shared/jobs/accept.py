"""How a job comes on record, whoever asks for it."""

import logging

from shared.errors import Conflict, StorageUnavailable
from shared.jobs import source, view, watch
from shared.jobs.messages import JobMessage, Step, send_job
from shared.jobs.records import JobRecord, Phase
from shared.jobs.services import Services
from shared.models import JobView

log = logging.getLogger(__name__)


def accept(services: Services, job: JobRecord) -> JobView | None:
    """Put the job on record and send its first message; None if there is another job of that id already.

    The record comes before the message, and the watchdog is armed before the record: a message that is lost
    between the two is sent again. A held job waits for a person, so it gets none.

    Raises:
        Conflict: another job took the plan, or undoes the same job; nothing stays on record.
    """
    watch.arm(services, job.job_id, job.request.start_at)
    if not services.jobs.create(job):
        return None
    now = view.assemble(job, {}, [])
    try:
        source.take(services, job)
        services.index.put(now)
        if job.phase is not Phase.HELD:
            send_job(services.queues, JobMessage(job.job_id, Step.BEGIN))
    except Conflict:
        services.jobs.delete(job.job_id)
        raise
    except StorageUnavailable:
        # It is on record, so it will be carried out: to refuse it now would be to have it sent twice.
        log.warning("job %s: Storage went away after the record; the watchdog begins it", job.job_id)
    log.info("job %s accepted: %s for %d groups", job.job_id, job.request.action, len(job.facts.groups))
    return now
