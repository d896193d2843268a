"""Who asked for a job, on record in the audit however the submission went on."""

from datetime import datetime

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
