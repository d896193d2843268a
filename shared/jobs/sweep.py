"""The clock takes temporary licences whose time is over: one job for all that are due.

Sweeps form a chain: the id of each follows from that of the one before it. Two hosts whose timers fire at once both
see that the latest sweep has ended, derive the same id for the next, and the second to create it finds it there. The
ledger notes the latest; a note that was lost, or written late, points at an earlier link, from where the chain is
walked to its end. A sweep that has not ended, held for a person or not, is the end of the chain, so no other is made.
An earlier sweep that a person started again does not keep the next one waiting: claims keep two jobs from changing
one user at a time, and what the one took the other finds gone.
"""

import logging
import secrets
import uuid
from datetime import datetime

from shared.clock import to_iso
from shared.jobs import view
from shared.jobs.accept import accept
from shared.jobs.records import JobFacts, JobRecord, Phase
from shared.jobs.services import Services
from shared.models import Action, Caller, CodedError, JobRequest

log = logging.getLogger(__name__)

_CHAIN = uuid.UUID("c1b0b1f6-6b2a-4a4e-9a55-0f6d3c0f6a57")
"""Namespace of the ids of sweeps, and the link before the first."""
_CLOCK = Caller("Expiry sweep", "timer", "timer|expiry")


def sweep(services: Services) -> None:
    """Make a job for the grants that are due, if any are and no sweep is under way.

    More than EXPIRY_MAX_REMOVALS are not taken without a person: the job is held until one starts or cancels it.

    Raises:
        StorageUnavailable: the next turn of the timer tries again.
    """
    noted = services.ledger.last_sweep() or str(_CHAIN)
    last, job = _end_of_chain(services, noted)
    if job is not None and job.phase is not Phase.ENDED:
        _keep_listed(services, job)
    else:
        # Counted after the chain was read: what the latest sweep took is not counted again.
        now = services.clock()
        due = services.ledger.count_due(now)
        if due:
            last = _next(last)
            accept(services, _new(services, last, now, due))
    if last != noted:
        services.ledger.note_sweep(last)


def _end_of_chain(services: Services, link: str) -> tuple[str, JobRecord | None]:
    """The latest sweep; no job where there was none yet, or where retention took it."""
    job = services.jobs.get(link)
    while (following := services.jobs.get(_next(link))) is not None:
        link, job = following.job_id, following
    return link, job


def _next(job_id: str) -> str:
    return str(uuid.uuid5(_CHAIN, job_id))


def _new(services: Services, job_id: str, now: datetime, due: int) -> JobRecord:
    most = services.settings.expiry_max_removals
    facts = JobFacts(
        request=JobRequest(Action.EXPIRE),
        created_at=now,
        created_by=_CLOCK,
        wait_token=secrets.token_urlsafe(24),
    )
    job = JobRecord(job_id, facts, cutoff=now)
    if due > most:
        log.warning("%d temporary licenses are due, more than %d: sweep %s is held", due, most, job_id)
        job.phase = Phase.HELD
        job.error = CodedError(
            "ExpiryLimitReached",
            f"{due} temporary licenses have expired, more than the {most} that a sweep may remove unasked "
            "(EXPIRY_MAX_REMOVALS). Nothing is removed yet. Look at them "
            f"(GET /api/temporary-licenses?expiresBefore={to_iso(now)}); then start this job to remove all that "
            "are due by then, or cancel it: the licenses run on, and the next sweep asks again.",
        )
    return job


def _keep_listed(services: Services, job: JobRecord) -> None:
    """A held sweep that a crash kept out of the list of jobs would wait for a person who never sees it."""
    if job.phase is Phase.HELD:
        services.index.put(view.assemble(job, {}, []))
