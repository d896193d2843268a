"""Who asked for a job, for its start and for its end, on record in the audit however the call went on."""

from datetime import datetime

from shared.jobs.records import JobRecord
from shared.models import Caller, JobRequest
from shared.storage.audit_store import AuditStore


def note_submission(
    audit: AuditStore, job_id: str, request: JobRequest, by: Caller, at: datetime, groups: int
) -> None:
    """Idempotent. Told by the call that made the job, by each repeat of it, and by the job's first step: a process
    that dies between the job's record and this one leaves no change without its author.
    """
    details = {"action": request.action.value, "dryRun": request.dry_run, "groups": groups}
    audit.append(by, "JobSubmitted", job_id=job_id, details=details, at=at)


def note_orders(audit: AuditStore, job: JobRecord) -> None:
    """Who started the job again and who canceled it, the latest of each. Idempotent. Told by the call that did so, by
    the message behind it, and by the next such call before it takes the place of the former.
    """
    for what, order in (("JobStarted", job.start_order), ("JobCanceled", job.cancel_order)):
        if order is not None:
            audit.append(order.by, what, job_id=job.job_id, at=order.at)
