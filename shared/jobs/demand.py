"""Units that jobs take: what one needs, and what the others that run have not taken yet."""

from collections import Counter
from collections.abc import Iterable, Sequence

from shared.errors import GraphError
from shared.jobs.catalog_cache import NOW
from shared.jobs.records import ChunkTally, JobRecord, Phase
from shared.jobs.services import Services
from shared.models import Action, Demand


def available_now(services: Services, job: JobRecord) -> dict[str, int]:
    """Units to be had by skuId, now: those free less what other running jobs still hold as pending.

    Where Graph cannot be asked, those that were free at submission count as free.
    """
    if not job.available:
        return {}
    spoken_for: Counter[str] = Counter()
    for other_id in services.index.running():
        if other_id != job.job_id:
            spoken_for.update(_pending_units_of(services, other_id))
    free = _free(services, job)
    return {sku_id: max(0, units - spoken_for[sku_id]) for sku_id, units in free.items()}


def pending_units(tallies: Iterable[ChunkTally], run: int) -> Counter[str]:
    """Units still to be taken, by skuId. What a start takes up again is pending from that moment on."""
    pending: Counter[str] = Counter()
    for tally in tallies:
        pending.update(
            Counter(tally.waiting) if tally.run >= run else Counter(tally.needed) - Counter(tally.taken)
        )
    return pending


def taken_units(tallies: Iterable[ChunkTally]) -> Counter[str]:
    """Units that the job has taken, by skuId."""
    return sum((Counter(tally.taken) for tally in tallies), Counter[str]())


def demand(job: JobRecord, tallies: Sequence[ChunkTally]) -> tuple[Demand, ...]:
    """By licence to be given; empty before every group is expanded. An undo names only what it gives back."""
    if not job.expanded:
        return ()
    needed: Counter[str] = Counter()
    for tally in tallies:
        needed.update(tally.needed)
    undo = job.request.action is Action.UNDO
    lines = [
        Demand(sku_id, needed[sku_id], units)
        for sku_id, units in sorted(job.available.items())
        if needed[sku_id] or not undo
    ]
    return tuple(lines)


def _free(services: Services, job: JobRecord) -> dict[str, int]:
    try:
        catalog = services.catalog.get(max_age=NOW)
    except GraphError:
        return job.available
    return {sku_id: catalog[sku_id].available if sku_id in catalog else 0 for sku_id in job.available}


def _pending_units_of(services: Services, job_id: str) -> Counter[str]:
    other = services.jobs.get(job_id)
    if other is None or other.request.dry_run or other.phase is not Phase.RUNNING:
        return Counter()
    return pending_units(services.jobs.tallies(job_id), other.run)
