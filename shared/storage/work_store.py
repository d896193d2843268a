"""Who works on what, what is due when, and how much of the write limit is used: the table `work`.

claim | <jobId>|<chunk>            users being changed right now, as a range of hashes
due   | <time>|<jobId>|<what>      something to look at when that time has come
pace  | writes                     the write limit, shared by all instances
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from azure.data.tables import TableClient, TableEntity

from shared.clock import Clock, from_iso, to_iso
from shared.storage import tables
from shared.storage.connection import Storage
from shared.storage.packing import deflate, inflate, join, split

WATCH = "watch"
"""What a due row says when the job as a whole is to be looked at; otherwise it names a chunk."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Users `low` ≤ hash ≤ `high` are (or were, once `released_at` is set) being changed by this chunk.

    `owner` is the queue message that does it; `lease_until` bounds how long a silent owner is believed alive.
    """

    job_id: str
    chunk: int
    low: str
    high: str
    owner: str
    lease_until: datetime
    released_at: datetime | None = None

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

    def claim(self, claim: Claim) -> bool:
        """Take a chunk. False while another message holds it and is not silent beyond its lease.

        The same message may take it again: it comes back only when its former delivery has ended.
        """
        if tables.create(self._table, _claim_entity(claim)) is not None:
            return True
        row = tables.get(self._table, "claim", claim.key)
        if row is None:
            return tables.create(self._table, _claim_entity(claim)) is not None
        held = _claim(row)
        if held.released_at is None and held.owner != claim.owner and held.lease_until > self._clock():
            return False
        try:
            tables.replace(self._table, _claim_entity(claim), tables.etag_of(row))
        except tables.Superseded:
            return False
        return True

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

    def release(self, claim: Claim) -> None:
        """The chunk is at rest. The row stays for a while: later readings of Graph may lag behind its writes."""
        tables.upsert(self._table, {**_claim_entity(claim), "releasedAt": to_iso(self._clock())})

    def drop(self, claim: Claim) -> None:
        """As if it had never been taken."""
        tables.delete(self._table, "claim", claim.key)

    def prune_claims(self, older_than: timedelta) -> None:
        """Forget claims released that long ago."""
        rows = tables.query(
            self._table,
            "PartitionKey eq 'claim' and releasedAt gt '' and releasedAt lt @before",
            {"before": to_iso(self._clock() - older_than)},
            select=("PartitionKey", "RowKey"),
        )
        tables.in_transactions(self._table, (tables.delete_operation(row) for row in list(rows)))

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

    # --- the write limit ------------------------------------------------------------------------------------

    def pace(self) -> tuple[bytes, str | None]:
        """The shared record and its ETag; empty and None before the first write."""
        row = tables.get(self._table, "pace", "writes")
        return (inflate(join(row)), tables.etag_of(row)) if row else (b"", None)

    def save_pace(self, data: bytes, etag: str | None) -> str:
        """Write the record if it is still as read; answers the new ETag.

        Raises:
            Superseded: another instance wrote it.
        """
        entity: dict[str, Any] = {"PartitionKey": "pace", "RowKey": "writes", **split(deflate(data))}
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
    )


def _due(row: TableEntity) -> Due:
    at, job_id, what = row["RowKey"].split("|")
    return Due(from_iso(at), job_id, what)


def _sortable(moment: datetime) -> str:
    """ISO with fixed width, so that keys sort by time; ':' is allowed in keys."""
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")
