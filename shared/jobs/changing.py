"""Changing a job's record when others may change it at the same time."""

import logging
from collections.abc import Callable

from shared.jobs.records import JobRecord, Phase
from shared.jobs.services import Services
from shared.storage.tables import Superseded

log = logging.getLogger(__name__)
_TRIES = 20
"""Each loss means that another one won; twenty in a row do not happen to work that is alive."""


def change_job(services: Services, job_id: str, change: Callable[[JobRecord], bool]) -> JobRecord | None:
    """Read the job, let `change` alter it (False: leave it), write it if it is still as read; repeat if not.

    Answers the job as it is then; None where there is none.

    Raises:
        StorageUnavailable: as the stores do.
        Superseded: the job kept changing under us.
    """
    for _ in range(_TRIES):
        job = services.jobs.get(job_id)
        if job is None or not change(job):
            return job
        try:
            services.jobs.save(job)
        except Superseded:
            log.debug("job %s changed under us; reading again", job_id)
        else:
            return job
    raise Superseded(f"job {job_id}")


def advance(services: Services, read: JobRecord, phase: Phase) -> bool:
    """Move the job to the next phase, unless it went on since it was `read`. Whether this call did so: of several that
    want the same, one carries the job on.

    Raises:
        StorageUnavailable, Superseded: as `change_job`.
    """
    moved = False

    def to_phase(latest: JobRecord) -> bool:
        nonlocal moved
        moved = latest.is_still(read)
        if moved:
            latest.phase = phase
        return moved

    change_job(services, read.job_id, to_phase)
    return moved
