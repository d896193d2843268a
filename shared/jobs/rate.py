"""How many submissions a caller made in this minute; counted once for all instances."""

import hashlib

from shared.clock import Clock
from shared.errors import TooManyRequests
from shared.storage import tables
from shared.storage.connection import Storage

_PARTITION = "rate"


class SubmitRate:
    def __init__(self, storage: Storage, clock: Clock, per_minute: int) -> None:
        self._storage = storage
        self._clock = clock
        self._per_minute = per_minute

    def count(self, caller_key: str) -> None:
        """Count one submission.

        Raises:
            TooManyRequests: the caller has used this minute up; it says when the next begins.
        """
        table, now = self._storage.table("work"), self._clock()
        row = f"{now:%Y%m%d%H%M}|{hashlib.sha256(caller_key.encode()).hexdigest()[:32]}"
        while True:
            entity = tables.get(table, _PARTITION, row)
            used = int(entity["used"]) if entity else 0
            if used >= self._per_minute:
                raise TooManyRequests(
                    f"At most {self._per_minute} submissions a minute are taken from one caller. Wait, then repeat.",
                    retry_after=max(1, 60 - now.second),
                )
            if self._write(row, used + 1, tables.etag_of(entity) if entity else None):
                return

    def prune(self) -> None:
        """Forget former minutes."""
        table = self._storage.table("work")
        rows = tables.query(
            table,
            "PartitionKey eq @partition and RowKey lt @now",
            {"partition": _PARTITION, "now": f"{self._clock():%Y%m%d%H%M}"},
            select=("PartitionKey", "RowKey"),
        )
        tables.in_transactions(table, (tables.delete_operation(row) for row in list(rows)))

    def _write(self, row: str, used: int, etag: str | None) -> bool:
        table = self._storage.table("work")
        entity = {"PartitionKey": _PARTITION, "RowKey": row, "used": used}
        if etag is None:
            return tables.create(table, entity) is not None
        try:
            tables.replace(table, entity, etag)
        except tables.Superseded:
            return False
        return True
