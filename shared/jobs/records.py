"""What is on record of a job. The stores keep these; `shared.jobs` moves them from state to state.

All records of a job lie in one partition of the table `jobs`, whose key is the job's id:

    job                     the job
    group|017               a selected group, once it is taken up
    page|017|00|0003        one page of that group's members, of one reading (epoch)
    chunk|000042            up to 200 users, with everything that happened to them
"""

import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum, unique

from shared.models import (
    Caller,
    CodedError,
    Counts,
    GroupStatus,
    Item,
    ItemStatus,
    JobRequest,
    JobStatus,
)


@unique
class Phase(StrEnum):
    """What a job that has not ended waits for. The message that carries each phase on is named beside it."""

    ACCEPTED = "accepted"  # begin
    HELD = "held"  # a sweep over its limit: a person's start or cancel
    EXPANDING = "expanding"  # one expand message a group
    FANNING_OUT = "fanningOut"  # fanout
    RUNNING = "running"  # chunk messages
    WRITING_FILE = "writingFile"  # file
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class SelectedGroup:
    """`users` is set where the members were counted by another job: the one to undo, or the dry run.

    `error` says why the dry run to carry out holds none of them.
    """

    group_id: str
    display_name: str
    users: int | None = None
    error: CodedError | None = None


@dataclass(frozen=True, slots=True)
class JobFacts:
    """What never changes after submission.

    `fingerprint` tells whether a repeat under the same idempotency key is the same request. `expires_at` of a
    temporary assign is fixed here, so that no rerun moves it. `source_job_id` is the dry run that is carried out or
    the job that is undone: its items become this job's.
    """

    request: JobRequest
    created_at: datetime
    created_by: Caller
    wait_token: str
    groups: tuple[SelectedGroup, ...] = ()
    fingerprint: str | None = None
    expires_at: datetime | None = None
    source_job_id: str | None = None

    @property
    def groups_are_read(self) -> bool:
        """Whether the users come from the groups' members; else from another job or from the ledger."""
        return self.source_job_id is None and bool(self.groups)


@dataclass(frozen=True, slots=True)
class Order:
    """What a person wanted done with a job that was on record already, and when."""

    by: Caller
    at: datetime


@dataclass(slots=True)
class JobRecord:
    """A job's row. `run` counts its starts, `fanned_run` is the last of them whose users have become chunks;
    `available` are the units seen when its demand was first known.

    `scarce` are the SKUs of which there may be too few units: they are counted before each write.
    `undone_by` is the latest job that undoes this one, `carried_out_by` the one that carries out this dry run.
    `stopped`: too many users failed. `cutoff` is the moment up to which a sweep takes grants. `start_order` and
    `cancel_order` are the latest, on record with what they changed: the audit is told of them from here.
    """

    job_id: str
    facts: JobFacts
    status: JobStatus = JobStatus.WAITING
    phase: Phase = Phase.ACCEPTED
    run: int = 0
    cancel_requested: bool = False
    started_at: datetime | None = None
    finished_at: datetime | None = None
    chunks: int = 0
    fanned_run: int = -1
    expanded: bool = False
    available: dict[str, int] = field(default_factory=dict)
    scarce: tuple[str, ...] = ()
    undone_by: str | None = None
    carried_out_by: str | None = None
    error: CodedError | None = None
    stopped: bool = False
    cutoff: datetime | None = None
    file: str | None = None
    start_order: Order | None = None
    cancel_order: Order | None = None
    etag: str = ""

    @property
    def request(self) -> JobRequest:
        return self.facts.request

    def is_still(self, read: "JobRecord") -> bool:
        """Whether the job has not gone on since it was `read`: the same run, in the same phase."""
        return (self.run, self.phase) == (read.run, read.phase)


@dataclass(slots=True)
class GroupRecord:
    """How far the expansion of a group has come. `run` is the job's run that took it up.

    `epoch` numbers the readings: an expired page token discards the pages read and starts the next one. `restarts`
    are those of this run; `attempts` are the tries since the latest page came on record.
    """

    index: int
    status: GroupStatus = GroupStatus.PENDING
    run: int = 0
    epoch: int = 0
    pages: int = 0
    users: int = 0
    next_link: str | None = None
    attempts: int = 0
    restarts: int = 0
    error: CodedError | None = None
    updated_at: datetime | None = None
    etag: str = ""

    def belongs_to(self, run: int) -> bool:
        """Whether it counts in this run. A start has yet to take up again what a former run did not read."""
        return self.status is GroupStatus.DONE or self.run >= run

    def has_ended(self, run: int) -> bool:
        """Whether this run has nothing more to read of it."""
        return self.status.terminal and self.belongs_to(run)


@dataclass(frozen=True, slots=True)
class PageMember:
    """A member as a page of the expansion shows it. `lacks` are positions in the job's licences not held."""

    user_id: str
    user_principal_name: str
    display_name: str
    account_enabled: bool
    user_type: str
    lacks: tuple[int, ...] = ()


@dataclass(slots=True)
class ChunkRecord:
    """Up to 200 users, sorted by `user_hash`. `run` is the job's run its items are in.

    `source_index` is the chunk of the dry run or of the undone job that its items come from.
    """

    index: int
    items: list[Item]
    run: int = 0
    source_index: int | None = None
    etag: str = ""
    parts: int = 1


@dataclass(frozen=True, slots=True)
class ChunkTally:
    """The counted side of a chunk, readable without its items.

    `needed` are units by skuId that its users take or would take, `waiting` the part still to be taken, `taken` the
    part that was; `adds` counts items with something in `added`, `undoable` those that undo would look at, `unknown`
    those that ended without anybody knowing whether they were changed. `givers` are those of its items, the first few.
    """

    index: int
    run: int
    counts: Counts
    warnings: dict[str, int]
    givers: list[str]
    needed: dict[str, int]
    waiting: dict[str, int]
    taken: dict[str, int]
    adds: int
    undoable: int
    unknown: int
    retry_at: datetime | None
    updated_at: datetime | None


def count(items: Sequence[Item]) -> Counts:
    """The items by status."""
    tally = dict.fromkeys(ItemStatus, 0)
    for item in items:
        tally[item.status] += 1
    return Counts(**{status.value: number for status, number in tally.items()})


def some_givers(names: Iterable[str]) -> list[str]:
    """The first few names, each once: enough to say where to look."""
    return list(dict.fromkeys(names))[:5]


def undoable(item: Item) -> bool:
    """Whether the item left something that undo would look at."""
    return bool(item.added or item.removed or item.location)


def ended_unknown(item: Item) -> bool:
    """Whether the item ended while the outcome of its last write is open. A start finds it out, but for a user who was
    deleted meanwhile: there is nothing to find, and nothing to undo.
    """
    return item.intent is not None and item.status.terminal and item.reason != "UserNotFound"


def user_hash(user_id: str) -> str:
    """Eight hex digits that spread users evenly, whatever their ids look like; chunks are ranges of it."""
    return f"{zlib.crc32(user_id.encode()):08x}"


def units(items: Iterable[Item]) -> dict[str, int]:
    """How many of these users need a unit, by skuId."""
    return dict(Counter(sku_id for item in items for sku_id in item.needs))
