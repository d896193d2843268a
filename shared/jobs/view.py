"""A job as its readers see it: totals derived from chunk records, never counted along."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from shared.jobs.demand import demand
from shared.jobs.records import ChunkTally, GroupRecord, JobRecord, Phase, some_givers
from shared.jobs.services import Services
from shared.models import Action, Counts, GroupStatus, Item, ItemStatus, JobGroup, JobView, JobWarning
from shared.planning.codes import INHERITED_ONLY

SHORTAGE = "Shortage"
"""The one warning that is the job's alone: no item has it."""


def view(services: Services, job: JobRecord) -> JobView:
    """Reads the job's groups and tallies."""
    groups = services.jobs.groups(job.job_id) if job.facts.groups and not job.facts.source_job_id else {}
    tallies = services.jobs.tallies(job.job_id) if job.chunks else []
    return assemble(job, groups, tallies)


def assemble(job: JobRecord, groups: Mapping[int, GroupRecord], tallies: Sequence[ChunkTally]) -> JobView:
    """Pure: the view from the records."""
    counts = total(tallies, job.run)
    return JobView(
        job_id=job.job_id,
        status=job.status,
        request=job.request,
        created_at=job.facts.created_at,
        created_by=job.facts.created_by,
        wait_token=job.facts.wait_token,
        started_at=job.started_at,
        finished_at=job.finished_at,
        undone_by=job.undone_by,
        groups=tuple(_groups(job, groups)),
        total=counts.total if job.expanded or job.phase is Phase.ENDED else None,
        counts=counts,
        demand=demand(job, tallies),
        warnings=_warnings(job, tallies),
        error=job.error,
        file=job.file,
    )


def total(tallies: Iterable[ChunkTally], run: int) -> Counts:
    """All chunks together. What a start takes up again counts as pending from that moment on."""
    sums: Counter[str] = Counter()
    for tally in tallies:
        for name in Counts.__slots__:
            value = getattr(tally.counts, name)
            again = tally.run < run and name in ("failed", "canceled")
            sums["pending" if again else name] += value
    return Counts(**sums)


def as_of_run(item: Item, chunk_run: int, run: int) -> Item:
    """The item as `total` counts it."""
    if chunk_run < run and item.status in (ItemStatus.FAILED, ItemStatus.CANCELED):
        return replace(item, status=ItemStatus.PENDING, reason=None, error=None, next_attempt_at=None)
    return item


def _groups(job: JobRecord, records: Mapping[int, GroupRecord]) -> Iterable[JobGroup]:
    for index, selected in enumerate(job.facts.groups):
        record = records.get(index)
        if job.facts.source_job_id:
            status = GroupStatus.FAILED if selected.error else GroupStatus.DONE
            yield JobGroup(selected.group_id, selected.display_name, status, selected.users, selected.error)
        elif record is None:
            ended = job.phase is Phase.ENDED
            status = GroupStatus.CANCELED if ended else GroupStatus.PENDING
            yield JobGroup(selected.group_id, selected.display_name, status)
        else:
            yield JobGroup(
                selected.group_id,
                selected.display_name,
                record.status,
                record.users if record.status is GroupStatus.DONE else None,
                record.error if record.status is GroupStatus.FAILED else None,
            )


def _warnings(job: JobRecord, tallies: Sequence[ChunkTally]) -> tuple[JobWarning, ...]:
    users: Counter[str] = Counter()
    for tally in tallies:
        users.update(tally.warnings)
    givers = tuple(some_givers(name for tally in tallies for name in tally.givers))
    found = [
        JobWarning(code, number, givers if code == INHERITED_ONLY else ())
        for code, number in sorted(users.items())
    ]
    short = sum(line.shortage for line in demand(job, tallies))
    if short and job.request.action is not Action.EXPORT:
        found.append(JobWarning(SHORTAGE, short))
    return tuple(found)
