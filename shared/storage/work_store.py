"""Who works on what, what is due when, and how much of the write limit is used: the table `work`.

claim | <jobId>|<chunk>            users being changed right now, as a range of hashes
due   | <time>|<jobId>|<what>      something to look at when that time has come
pace  | writes, reads              how much of Graph's limits is used, shared by all instances
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from azure.data.tables import TableClient, TableEntity

from shared.clock import Clock, from_iso, to_iso
from shared.storage import tables
from shared.storage.connection import Storage
from shared.storage.packing import deflate, inflate, join, split

log = logging.getLogger(__name__)

LONGEST_DOUBT = timedelta(days=1)
"""Work that has not come back for so long has ended, one way or another."""
WATCH = "watch"
"""What a due row says when the job as a whole is to be looked at; otherwise it names a chunk."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Users `low` ≤ hash ≤ `high` are (or were, once `released_at` is set) being changed by this chunk.

    `owner` is the queue message that does it; `lease_until` bounds how long a silent owner is believed alive.
    `in_doubt`: released although the outcome of a write is still to be found out. `lane`: that message passes on a
    lane of the job.
    """

    job_id: str
    chunk: int
    low: str
    high: str
    owner: str
    lease_until: datetime
    released_at: datetime | None = None
    in_doubt: bool = False
    lane: bool = False

    @property
    def key(self) -> str:
        return f"{self.job_id}|{self.chunk:06d}"


@dataclass(frozen=True, slots=True)
class Due:
    """`what` is WATCH or a chunk's index as text."""

    at: datetime
    job_id: str
    what: str

    @property
    def key(self) -> str:
        return f"{_sortable(self.at)}|{self.job_id}|{self.what}"


class WorkStore:
    def __init__(self, storage: Storage, clock: Clock) -> None:
        self._storage = storage
        self._clock = clock

    @property
    def _table(self) -> TableClient:
        return self._storage.table("work")

    # --- claims -------------------------------------------------------------------------------------------

    def claim(self, claim: Claim) -> str | None:
        """Take a chunk; answers the hold on it, None while another message has it and is not silent beyond its lease.

        The same message may take it again: it comes back only when its former delivery has ended. If that one lives
        after all, its hold is lost.
        """
        entity = tables.stamped(_claim_entity(claim))
        hold = tables.create(self._table, entity)
        if hold is not None:
            return hold
        row = tables.get(self._table, "claim", claim.key)
        if row is None:
            return tables.create(self._table, entity)
        held = _claim(row)
        if held.released_at is None and held.owner != claim.owner and held.lease_until > self._clock():
            return None
        try:
            return tables.replace(self._table, entity, tables.etag_of(row))
        except tables.Superseded:
            return None

    def holder(self, claim: Claim) -> Claim | None:
        """Who has or had the chunk last; None: nobody for a while."""
        row = tables.get(self._table, "claim", claim.key)
        return _claim(row) if row else None

    def overlapping(self, claim: Claim) -> list[Claim]:
        """Claims of other chunks whose users may be among this one's, released ones included."""
        rows = tables.query(
            self._table,
            "PartitionKey eq 'claim' and low le @high and high ge @low",
            {"low": claim.low, "high": claim.high},
        )
        return [
            other for other in map(_claim, rows) if other.key != claim.key and other.job_id != claim.job_id
        ]

    def release(self, claim: Claim, hold: str, *, in_doubt: bool) -> None:
        """The chunk is at rest, unless another delivery took it over. The row stays for a while: later readings of
        Graph may lag behind its writes.
        """
        try:
            tables.replace(self._table, self._released(claim, in_doubt=in_doubt), hold)
        except tables.Superseded:
            log.info("chunk %d of job %s was taken over", claim.chunk, claim.job_id)

    def release_left_behind(
        self, job_id: str, chunk: int, owner: str | None = None, *, in_doubt: bool
    ) -> None:
        """Release what a killed host held (with `owner`: if it is that message's)."""
        row = tables.get(self._table, "claim", f"{job_id}|{chunk:06d}")
        if row is None or row["releasedAt"] or owner not in (None, row["owner"]):
            return
        self.release(_claim(row), tables.etag_of(row), in_doubt=in_doubt)

    def prune_claims(self, older_than: timedelta) -> None:
        """Forget claims released that long ago, and those that nobody released for a day."""
        now = self._clock()
        rows = tables.query(
            self._table,
            "PartitionKey eq 'claim' and ( leaseUntil lt @yesterday or"
            " ( releasedAt gt '' and inDoubt eq false and releasedAt lt @before ) )",
            {"before": to_iso(now - older_than), "yesterday": to_iso(now - LONGEST_DOUBT)},
            select=("PartitionKey", "RowKey"),
        )
        for row in list(rows):
            try:
                tables.delete(self._table, "claim", row["RowKey"], tables.etag_of(row))
            except tables.Superseded:
                log.debug("claim %s was taken again", row["RowKey"])

    def _released(self, claim: Claim, *, in_doubt: bool) -> dict[str, Any]:
        released = {"releasedAt": to_iso(self._clock()), "inDoubt": in_doubt}
        return tables.stamped({**_claim_entity(claim), **released})

    # --- what is due ----------------------------------------------------------------------------------------

    def set_due(self, due: Due) -> None:
        tables.upsert(self._table, {"PartitionKey": "due", "RowKey": due.key})

    def clear_due(self, due: Due) -> None:
        """Idempotent."""
        tables.delete(self._table, "due", due.key)

    def due(self, limit: int) -> list[Due]:
        """What has come due, oldest first; reads only that."""
        rows = tables.first_page(
            self._table,
            "PartitionKey eq 'due' and RowKey lt @now",
            {"now": _sortable(self._clock())},
            limit,
            select=("PartitionKey", "RowKey"),
        )
        return [_due(row) for row in rows]

    # --- Graph's limits ------------------------------------------------------------------------------------

    def pace(self, what: str) -> tuple[bytes, str | None]:
        """The shared record and its ETag; empty and None before the first use."""
        row = tables.get(self._table, "pace", what)
        return (inflate(join(row)), tables.etag_of(row)) if row else (b"", None)

    def save_pace(self, what: str, data: bytes, etag: str | None) -> str:
        """Write the record if it is still as read; answers the new ETag.

        Raises:
            Superseded: another instance wrote it.
        """
        entity: dict[str, Any] = {"PartitionKey": "pace", "RowKey": what, **split(deflate(data))}
        if etag is not None:
            return tables.replace(self._table, entity, etag)
        created = tables.create(self._table, entity)
        if created is None:
            raise tables.Superseded("pace")
        return created


def _claim_entity(claim: Claim) -> dict[str, Any]:
    return {
        "PartitionKey": "claim",
        "RowKey": claim.key,
        "low": claim.low,
        "high": claim.high,
        "owner": claim.owner,
        "leaseUntil": to_iso(claim.lease_until),
        "releasedAt": "",
        "inDoubt": claim.in_doubt,
        "lane": claim.lane,
    }


def _claim(row: TableEntity) -> Claim:
    job_id, chunk = row["RowKey"].split("|")
    released = row["releasedAt"]
    return Claim(
        job_id=job_id,
        chunk=int(chunk),
        low=row["low"],
        high=row["high"],
        owner=row["owner"],
        lease_until=from_iso(row["leaseUntil"]),
        released_at=from_iso(released) if released else None,
        in_doubt=bool(row["inDoubt"]),
        lane=bool(row.get("lane", False)),
    )


def _due(row: TableEntity) -> Due:
    at, job_id, what = row["RowKey"].split("|")
    return Due(from_iso(at), job_id, what)


def _sortable(moment: datetime) -> str:
    """ISO with fixed width, so that keys sort by time; ':' is allowed in keys."""
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")
