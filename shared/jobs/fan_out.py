"""From members on record to chunks of users: each user once, however many of the groups hold it."""

import logging
import math
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from shared.jobs import demand, settle
from shared.jobs.changing import change_job
from shared.jobs.messages import LANES, ChunkMessage, JobMessage, Step, send_chunk, send_job
from shared.jobs.records import ChunkRecord, GroupRecord, JobRecord, PageMember, Phase, undoable, user_hash
from shared.jobs.services import Services
from shared.models import Action, GroupStatus, Item, ItemStatus, JobRequest

log = logging.getLogger(__name__)
USERS_PER_CHUNK = 200
"""Ten $batch calls: few storage requests a user, and far from the size limit of an entity."""
SMALLEST_CHUNK = 20
USERS_PER_PART = 25_000
"""Users held in memory at once."""
SECONDS_PER_CALL = 100.0


def fan_out(services: Services, message: JobMessage) -> None:
    """Write the chunks, then post the first of each lane. Idempotent: the same members give the same chunks."""
    job = services.jobs.get(message.job_id)
    if job is None or job.phase is not Phase.FANNING_OUT:
        log.debug("job %s has nothing to fan out", message.job_id)
        return
    if message.part and message.run != job.run:
        log.info("job %s: a message of its run %d came late", message.job_id, message.run)
        return
    if job.chunks and not job.facts.groups_are_read:
        _run(services, job, job.chunks)
        return
    if job.facts.source_job_id:
        chunks = _from_source(services, job)
    elif job.request.action is Action.EXPIRE:
        chunks = _from_ledger(services, job)
    else:
        _from_members(services, job, message)
        return
    count = 0
    for chunk in chunks:
        services.jobs.create_chunks(job.job_id, [chunk])
        count += 1
    _run(services, job, count)


def chunk_size(users: int) -> int:
    """Chunks of a multiple of 20 (one $batch), small enough that a small job still uses every lane twice."""
    wanted = math.ceil(users / (2 * LANES) / SMALLEST_CHUNK) * SMALLEST_CHUNK
    return max(SMALLEST_CHUNK, min(USERS_PER_CHUNK, wanted))


def _run(services: Services, job: JobRecord, chunks: int) -> None:
    """The chunks are on record: the job runs.

    Its demand is known now: where units may not suffice, they are counted before each write. A job started again
    counts what it took before as available to it.
    """
    available = demand.available_now(services, job)
    tallies = services.jobs.tallies(job.job_id) if available else []
    pending = demand.pending_units(tallies, job.run)
    scarce = tuple(sku_id for sku_id, units in sorted(available.items()) if pending[sku_id] > units)
    taken: Counter[str] = Counter() if job.request.dry_run else demand.taken_units(tallies)

    def to_running(latest: JobRecord) -> bool:
        if not latest.is_still(job):
            return False
        latest.phase = Phase.RUNNING
        latest.chunks, latest.fanned_run = chunks, job.run
        latest.expanded = True
        latest.available = {sku_id: units + taken[sku_id] for sku_id, units in available.items()}
        latest.scarce = scarce
        return True

    now = change_job(services, job.job_id, to_running)
    if now is None or now.phase is not Phase.RUNNING or now.run != job.run:
        return
    for chunk in range(min(LANES, now.chunks)):
        send_chunk(services.queues, ChunkMessage(job.job_id, chunk, lane=True))
    if now.chunks == 0:
        settle.settle(services, job.job_id)


# --- from the groups' members ---------------------------------------------------------------------------------


def _from_members(services: Services, job: JobRecord, message: JobMessage) -> None:
    groups = services.jobs.groups(job.job_id)
    done = [group for _, group in sorted(groups.items()) if group.status is GroupStatus.DONE]
    size = chunk_size(sum(group.users for group in done))
    parts = max(1, math.ceil(sum(group.users for group in done) / USERS_PER_PART))
    first, deadline = message.first, time.monotonic() + SECONDS_PER_CALL
    if message.part == 0:
        first = job.chunks
        if job.run:
            services.jobs.delete_chunks(job.job_id, first, job.run)
    for part in range(message.part, parts):
        if time.monotonic() > deadline:
            send_job(services.queues, JobMessage(job.job_id, Step.FAN_OUT, part, first, job.run))
            return
        merged = _merge(services, job, done, part, parts)
        if job.run:
            _note_new_groups(services, job, merged)
        fresh = sorted(merged.fresh.items(), key=lambda entry: (user_hash(entry[0]), entry[0]))
        starts = range(0, len(fresh), size)
        services.jobs.create_chunks(
            job.job_id,
            (
                ChunkRecord(
                    first + number,
                    [_item(job.request, *user) for _, user in fresh[start : start + size]],
                    job.run,
                )
                for number, start in enumerate(starts)
            ),
        )
        first += len(starts)
    _run(services, job, first)


@dataclass(slots=True)
class _Merged:
    """`fresh` are users without an item yet; `known` the groups not fanned out yet that hold users with one."""

    fresh: dict[str, tuple[PageMember, list[int]]] = field(default_factory=dict)
    known: dict[str, list[int]] = field(default_factory=dict)


def _merge(services: Services, job: JobRecord, groups: list[GroupRecord], part: int, parts: int) -> _Merged:
    merged = _Merged()
    for group in sorted(groups, key=lambda group: (group.run, group.index)):
        for page in services.jobs.pages(job.job_id, group):
            for member in page:
                if parts > 1 and int(user_hash(member.user_id), 16) * parts >> 32 != part:
                    continue
                if group.run <= job.fanned_run:
                    merged.known.setdefault(member.user_id, [])
                elif member.user_id in merged.known:
                    merged.known[member.user_id].append(group.index)
                else:
                    merged.fresh.setdefault(member.user_id, (member, []))[1].append(group.index)
    return merged


def _note_new_groups(services: Services, job: JobRecord, merged: _Merged) -> None:
    """A group expanded at a rerun also holds users that have an item: their items list it."""
    joined: Mapping[str, list[int]] = {user: groups for user, groups in merged.known.items() if groups}
    if not joined:
        return
    for chunk in services.jobs.chunks(job.job_id):
        touched = [item for item in chunk.items if set(joined.get(item.user_id, ())) - set(item.groups)]
        for item in touched:
            item.groups = tuple(sorted({*item.groups, *joined[item.user_id]}))
        if touched:
            services.jobs.save_chunk(job.job_id, chunk)


def _item(request: JobRequest, member: PageMember, groups: list[int]) -> Item:
    return Item(
        user_id=member.user_id,
        user_principal_name=member.user_principal_name,
        display_name=member.display_name,
        groups=tuple(sorted(set(groups))),
        account_enabled=member.account_enabled,
        user_type=member.user_type,
        needs=tuple(request.licenses[position].sku_id for position in member.lacks)
        if request.action in (Action.ASSIGN, Action.REPLACE)
        else (),
    )


# --- from another job, from the ledger ------------------------------------------------------------------------


def _from_source(services: Services, job: JobRecord) -> Iterator[ChunkRecord]:
    """The items of a dry run to be carried out, or of a job to be undone; in the same chunks."""
    carries_out = job.request.plan_id is not None
    number = 0
    for source in services.jobs.chunks(str(job.facts.source_job_id)):
        if carries_out:
            items = [_planned(item) for item in source.items]
        else:
            items = [_to_undo(item) for item in source.items if undoable(item)]
        if items:
            yield ChunkRecord(number, items, source_index=source.index)
            number += 1


def _planned(item: Item) -> Item:
    """What the dry run would change is to be done; how the others ended there is how they end here.

    An item may be changed in part and fail all the same: one licence goes, another is only inherited.
    """
    if item.status is ItemStatus.CHANGED or undoable(item):
        return _fresh(item, needs=item.needs)
    return item


def _to_undo(item: Item) -> Item:
    return _fresh(item, needs=item.removed)


def _fresh(item: Item, needs: tuple[str, ...]) -> Item:
    return Item(
        user_id=item.user_id,
        user_principal_name=item.user_principal_name,
        display_name=item.display_name,
        groups=item.groups,
        account_enabled=item.account_enabled,
        user_type=item.user_type,
        needs=needs,
    )


def _from_ledger(services: Services, job: JobRecord) -> Iterator[ChunkRecord]:
    """One item for each user with a grant that is due. Grants move meanwhile, so a repeat adds who is missing."""
    there = list(services.jobs.chunks(job.job_id))
    yield from there
    known = {item.user_id for chunk in there for item in chunk.items}
    users = services.ledger.users_due(job.cutoff or job.facts.created_at)
    items = sorted(
        (
            Item(user.user_id, user.user_principal_name, user.display_name, ())
            for user in users
            if user.user_id not in known
        ),
        key=lambda item: (user_hash(item.user_id), item.user_id),
    )
    size = chunk_size(len(items))
    for number, start in enumerate(range(0, len(items), size), start=len(there)):
        yield ChunkRecord(number, items[start : start + size])
