"""Units that jobs take: what one needs, and what the others that run have not taken yet."""

from collections import Counter
from collections.abc import Iterable

from shared.jobs.records import ChunkTally, JobRecord, Phase
from shared.jobs.services import Services
from shared.models import Demand


def available_now(services: Services, job: JobRecord) -> dict[str, int]:
    """Units to be had by skuId: those seen at submission less what running jobs still hold as pending."""
    if not job.available:
        return {}
    spoken_for: Counter[str] = Counter()
    for other_id in services.index.running():
        if other_id != job.job_id:
            spoken_for.update(_pending_units(services, other_id))
    return {sku_id: max(0, units - spoken_for[sku_id]) for sku_id, units in job.available.items()}


def demand(job: JobRecord, tallies: Iterable[ChunkTally]) -> tuple[Demand, ...]:
    """By licence to be given; empty before every group is expanded."""
    if not job.expanded:
        return ()
    needed: Counter[str] = Counter()
    for tally in tallies:
        needed.update(tally.needed)
    return tuple(Demand(sku_id, needed[sku_id], units) for sku_id, units in sorted(job.available.items()))


def _pending_units(services: Services, job_id: str) -> Counter[str]:
    other = services.jobs.get(job_id)
    pending: Counter[str] = Counter()
    if other is None or other.request.dry_run or other.phase is not Phase.RUNNING:
        return pending
    for tally in services.jobs.tallies(job_id):
        pending.update(tally.waiting)
    return pending
