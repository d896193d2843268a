"""Temporary licences: the table `grants`. One partition, so that all rows of a grant change in one transaction.

user  | <user_hash>|<userId>|<skuId>    the running grant of a user and SKU: at most one, by its key
due   | <expiresAt>|<grantId>           running grants by expiry
id    | <grantId>                       every grant, also when it has ended
ended | <reversed time>|<grantId>       ended grants, the latest first
sweep                                   the latest sweep job

Every row but the last carries the whole grant: reading a list, a user or one id is one read. Whatever changes a
running grant rewrites its `user` row and its `id` row together. A condition on either of them therefore notices every
other change, whichever of the two the other one went by.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from azure.data.tables import TableClient, TableEntity
from pydantic import TypeAdapter

from shared.api.record_answers import GrantEvent
from shared.jobs.records import user_hash
from shared.models import Grant
from shared.storage import tables
from shared.storage.connection import Storage
from shared.storage.packing import deflate, inflate, join, split

PARTITION = "grants"
PAGE = 1000
"""Rows that one request returns at most."""
FEW_USERS = 16
"""So few are read one by one where a range over all of them holds more than a page."""
_END_OF_TIME = 10**14
_FACTS = ("RowKey", "grantId", "userId", "skuId", "jobId", "expiresAt")


@dataclass(frozen=True, slots=True)
class GrantRecord:
    """A temporary licence with everything that happened to it.

    `job_id` is the job that granted it. `expires_at` is None only where it was made permanent. `ended_at` is None
    while it runs; `reason` tells why it ended. `ending_by` is the sweep that announced at `ending_since` that it is
    about to take the licence.
    """

    grant_id: str
    user_id: str
    user_principal_name: str
    user_display_name: str
    sku_id: str
    job_id: str
    created_at: datetime
    expires_at: datetime | None
    history: tuple[GrantEvent, ...] = ()
    ended_at: datetime | None = None
    reason: str | None = None
    ending_since: datetime | None = None
    ending_by: str | None = None


@dataclass(frozen=True, slots=True)
class Stored:
    """A grant as a `user` row (or, `by_id`, an `id` row) showed it, with that row's ETag."""

    record: GrantRecord
    etag: str
    by_id: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of a user's grant of one SKU.

    `before` is the running one as it was read, None where there was none; `ended` is that grant once it has ended;
    `running` is the one that runs from then on, the same or a new one.
    """

    before: Stored | None = None
    ended: GrantRecord | None = None
    running: GrantRecord | None = None

    @property
    def user_id(self) -> str:
        records = (self.running, self.ended, self.before.record if self.before else None)
        return next(record.user_id for record in records if record)


@dataclass(frozen=True, slots=True)
class DueUser:
    """A user with a running grant, as the grant knows the user."""

    user_id: str
    user_principal_name: str
    display_name: str


@dataclass(frozen=True, slots=True)
class Filter:
    """Which grants a list holds; None: any."""

    user_id: str | None = None
    sku_id: str | None = None
    expires_before: datetime | None = None
    ending: bool | None = None
    """Whether a sweep has announced it since `ending_after`; an older announcement counts for nothing."""
    ending_after: datetime | None = None


_RECORD = TypeAdapter(GrantRecord)


class GrantStore:
    """Every write is conditional; nothing here decides what to write."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    @property
    def _table(self) -> TableClient:
        return self._storage.table("grants")

    # --- by user ------------------------------------------------------------------------------------------

    def running(self, user_ids: Sequence[str]) -> Iterator[Grant]:
        """The running grants of these users, without their history."""
        for row in self._user_rows(user_ids, _FACTS):
            yield Grant(row["grantId"], row["userId"], row["skuId"], _moment(row["expiresAt"]), row["jobId"])

    def of_users(self, user_ids: Sequence[str]) -> dict[str, dict[str, Stored]]:
        """The running grants of these users, by user and SKU."""
        found: dict[str, dict[str, Stored]] = {}
        for row in self._user_rows(user_ids):
            stored = _stored(row)
            found.setdefault(stored.record.user_id, {})[stored.record.sku_id] = stored
        return found

    def _user_rows(self, user_ids: Iterable[str], select: Sequence[str] | None = None) -> Iterator[TableEntity]:
        """The users' rows. One range over all of them, since neighbours by hash are asked for together; it is
        narrow for a chunk of a large job, and holds little where few grants run.
        """
        prefixes = sorted({_user_prefix(user_id): user_id for user_id in user_ids})
        wanted = set(prefixes)
        while prefixes:
            rows = self._page(prefixes[0], f"{prefixes[-1][:-1]}}}", select)
            yield from (row for row in rows if _prefix_of(row) in wanted)
            if len(rows) < PAGE:
                return
            last = _prefix_of(rows[-1])
            wanted.discard(last) if False else None
            prefixes = [prefix for prefix in prefixes if prefix >= last]
            if len(prefixes) <= FEW_USERS:
                break
        for prefix in prefixes:
            yield from self._page(prefix, f"{prefix[:-1]}}}", select)
