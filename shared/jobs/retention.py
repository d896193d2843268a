"""Old records go: jobs with their users, the audit, messages kept for support, and licences that ended long ago.

What runs never goes, however old: a job that has not ended, a temporary licence that has not.
"""

import logging
from datetime import timedelta

from shared.jobs.services import Services
from shared.storage.audit_store import AuditStore
from shared.storage.connection import EXPORT_CONTAINER, Storage, storage_errors
from shared.storage.support_store import SupportStore

log = logging.getLogger(__name__)
JOBS_AT_ONCE = 200
"""Jobs deleted in one run of the timer; the next goes on."""


def clean_up(services: Services, storage: Storage, audit: AuditStore, support: SupportStore) -> None:
    """Delete jobs and temporary licences that ended longer ago than JOB_RETENTION_DAYS, and what else was recorded
    before. Idempotent; what fails is tried at the next run.

    Raises:
        StorageUnavailable: Storage is away.
    """
    before = services.clock() - timedelta(days=services.settings.job_retention_days)
    deleted = 0
    for entry in services.index.ended_before(before):
        _delete_files(storage, entry.job_id)
        services.jobs.delete(entry.job_id)
        services.index.delete(entry.view.created_at, entry.job_id)  # last: it is what leads here
        deleted += 1
        if deleted == JOBS_AT_ONCE:
            break
    audit.delete_before(before)
    support.delete_before(before)
    services.events.delete_before(before)
    services.ledger.forget_ended_before(before)
    if deleted:
        log.info(
            "%d jobs that ended more than %d days ago deleted", deleted, services.settings.job_retention_days
        )


def _delete_files(storage: Storage, job_id: str) -> None:
    storage.ensure()
    with storage_errors():
        container = storage.blob_service.get_container_client(EXPORT_CONTAINER)
        for name in [blob.name for blob in container.list_blobs(name_starts_with=f"{job_id}/")]:
            container.delete_blob(name)
