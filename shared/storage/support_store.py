"""Messages that could not be handled, kept as they were for whoever looks into it: the table `support`.

<queue> | <messageId>
"""

from collections import Counter
from datetime import datetime

from azure.data.tables import TableClient

from shared.clock import Clock, to_iso
from shared.storage import tables
from shared.storage.connection import Storage
from shared.storage.packing import MAX_PROPERTY_BYTES, split


class SupportStore:
    def __init__(self, storage: Storage, clock: Clock) -> None:
        self._storage = storage
        self._clock = clock

    @property
    def _table(self) -> TableClient:
        return self._storage.table("support")

    def record(self, queue: str, message_id: str, text: str, outcome: str) -> None:
        """`outcome` says in a sentence what was done about it; told again, the last one stays."""
        row = {
            "PartitionKey": queue,
            "RowKey": message_id,
            "recordedAt": to_iso(self._clock()),
            "outcome": outcome,
        }
        tables.upsert(self._table, {**row, **split(text.encode()[:MAX_PROPERTY_BYTES])})

    def delete_before(self, moment: datetime) -> None:
        """Forget what was recorded before that moment."""
        rows = tables.query(
            self._table,
            "recordedAt lt @before",
            {"before": to_iso(moment)},
            select=("PartitionKey", "RowKey"),
        )
        for row in list(rows):
            tables.delete(self._table, row["PartitionKey"], row["RowKey"])

    def counts(self) -> Counter[str]:
        """Messages on record, by queue."""
        rows = tables.query(
            self._table, "PartitionKey ge @first", {"first": ""}, select=("PartitionKey", "RowKey")
        )
        return Counter(str(row["PartitionKey"]) for row in rows)
