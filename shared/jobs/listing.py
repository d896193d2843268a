"""Pages of jobs and of items; each page reads little more than it shows."""

from collections.abc import Iterator
from dataclasses import dataclass

from shared.jobs import view
from shared.jobs.records import JobRecord
from shared.jobs.services import Services
from shared.jobs.view import SHORTAGE
from shared.models import Item, ItemStatus, JobStatus, JobView

MAX_SCAN = 2000
"""Entries looked at for one page of a search; then the page ends early and its nextLink goes on."""


@dataclass(frozen=True, slots=True)
class JobPage:
    """`after` is the key to go on behind; None on the last page."""

    jobs: list[JobView]
    after: str | None


@dataclass(frozen=True, slots=True)
class PlacedItem:
    """An item and where it lies, for the cursor of the page that begins with it."""

    item: Item
    chunk: int
    offset: int


def jobs(
    services: Services,
    *,
    status: JobStatus | None,
    action: str | None,
    search: str | None,
    size: int,
    after: str,
) -> JobPage:
    """Newest first. `search` looks in the note, group names, the creator's name and the id."""
    found: list[JobView] = []
    key = after
    entries = services.index.newest_first(
        after, status=status, action=action, page_size=MAX_SCAN if search else size + 1
    )
    for scanned, entry in enumerate(entries):
        if len(found) == size or scanned == MAX_SCAN:
            return JobPage(found, key)
        key = entry.key
        if search and not matches(entry.view, search):
            continue
        job = services.jobs.get(entry.job_id) if not entry.status.terminal else None
        now = view.view(services, job) if job is not None else entry.view
        if status is None or now.status is status:
            found.append(now)
    return JobPage(found, None)


def matches(job: JobView, search: str) -> bool:
    """Whether the text stands anywhere in what the list lets one search; case does not matter."""
    texts = [
        job.job_id,
        job.created_by.name,
        job.request.note or "",
        *(group.display_name for group in job.groups),
    ]
    return any(search.casefold() in text.casefold() for text in texts)


def items(
    services: Services, job: JobRecord, *, status: str | None, warning: str | None, chunk: int, offset: int
) -> Iterator[PlacedItem]:
    """Items in the order of their chunks, from a place on. Chunks without a match are not read.

    Behind a shortage stand all who need a unit of what is short: who of them goes without is not settled.
    """
    short = _short(services, job) if warning == SHORTAGE else set()
    for record in services.jobs.chunks(job.job_id, chunk, where=_where(job, status, warning)):
        for place, stored in enumerate(record.items):
            if record.index == chunk and place < offset:
                continue
            item = view.as_of_run(stored, record.run, job.run)
            behind = warning is None or warning in item.warnings or not short.isdisjoint(item.needs)
            if behind and (status is None or item.status == status):
                yield PlacedItem(item, record.index, place)


def _short(services: Services, job: JobRecord) -> set[str]:
    return {line.sku_id for line in view.view(services, job).demand if line.shortage}


def _where(job: JobRecord, status: str | None, warning: str | None) -> str:
    """Both names come from closed lists. After a start, pending items may still be counted as failed or canceled."""
    conditions = []
    if status is not None:
        names = [ItemStatus(status).value]
        if status == ItemStatus.PENDING and job.run:
            names += [ItemStatus.FAILED.value, ItemStatus.CANCELED.value]
        conditions.append("(" + " or ".join(f"n_{name} gt 0" for name in names) + ")")
    if warning is not None and warning != SHORTAGE:
        conditions.append(f"w_{warning} gt 0")
    return " and ".join(conditions)
