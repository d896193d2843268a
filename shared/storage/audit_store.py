"""Who did what and when; rows are added, never changed: the table `audit`, newest first.

audit | <reversed time>|<id>
"""

import json
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from azure.data.tables import TableClient, TableEntity

from shared.clock import Clock, from_iso, to_iso
from shared.models import Caller
from shared.storage import tables
from shared.storage.connection import Storage

_PARTITION = "audit"
_END_OF_TIME = 10**17
_TOLD_AGAIN = uuid.UUID("5d1c7f0e-9f0a-4c53-8a55-0c7a3f6f6a2b")


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """`key` is the place in the list; `details` is JSON and holds no secret."""

    key: str
    time: datetime
    by: Caller
    what: str
    job_id: str | None
    grant_id: str | None
    details: Mapping[str, Any]


class AuditStore:
    def __init__(self, storage: Storage, clock: Clock) -> None:
        self._storage = storage
        self._clock = clock

    @property
    def _table(self) -> TableClient:
        return self._storage.table("audit")

    def append(
        self,
        by: Caller,
        what: str,
        *,
        job_id: str | None = None,
        grant_id: str | None = None,
        details: Mapping[str, Any] | None = None,
        at: datetime | None = None,
    ) -> None:
        """Add that `by` did `what` now. With `at`, the time when it was done, the same of the same job or grant is one
        row however often it is told.
        """
        moment = at or self._clock()
        row_id = uuid.uuid5(_TOLD_AGAIN, f"{what}\n{job_id}\n{grant_id}") if at else uuid.uuid4()
        entity = {
            "PartitionKey": _PARTITION,
            "RowKey": f"{_place(moment)}|{row_id}",
            "at": to_iso(moment),
            "by": by.name,
            "kind": by.kind,
            "callerKey": by.key,
            "what": what,
            "jobId": job_id or "",
            "grantId": grant_id or "",
            "details": json.dumps(details or {}),
        }
        tables.upsert(self._table, entity)

    def newest_first(
        self, after: str, *, job_id: str | None, by: str | None, page_size: int
    ) -> Iterator[AuditRecord]:
        """Records behind the key `after`; `by` is the caller's whole name."""
        filter_, parameters = (
            "PartitionKey eq @partition and RowKey gt @after",
            {"partition": _PARTITION, "after": after},
        )
        if job_id is not None:
            filter_ += " and jobId eq @job"
            parameters["job"] = job_id
        if by is not None:
            filter_ += " and by eq @by"
            parameters["by"] = by
        for row in tables.query(self._table, filter_, parameters, page_size=page_size):
            yield _record(row)

    def delete_before(self, moment: datetime) -> None:
        """Forget what happened before that moment."""
        rows = tables.query(
            self._table,
            "PartitionKey eq @partition and RowKey gt @after",
            {"partition": _PARTITION, "after": _place(moment)},
            select=("PartitionKey", "RowKey"),
        )
        tables.in_transactions(self._table, (tables.delete_operation(row) for row in list(rows)))


def _place(moment: datetime) -> str:
    """Microseconds counted down, so that the newest sorts first."""
    return f"{_END_OF_TIME - int(moment.timestamp() * 1_000_000):017d}"


def _record(row: TableEntity) -> AuditRecord:
    return AuditRecord(
        key=row["RowKey"],
        time=from_iso(row["at"]),
        by=Caller(row["by"], row["kind"], row["callerKey"]),
        what=row["what"],
        job_id=row["jobId"] or None,
        grant_id=row["grantId"] or None,
        details=json.loads(row["details"]),
    )
