"""Temporary licences in the table `grants`; see `shared.storage.grant_rows` for the rows."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from azure.data.tables import TableClient, TableEntity

from shared.models import Grant
from shared.storage import tables
from shared.storage.connection import Storage
from shared.storage.grant_rows import (
    FACTS,
    PARTITION,
    Change,
    GrantRecord,
    Operation,
    Stored,
    behind,
    due_key,
    due_key_beside,
    ended_prefix,
    entity,
    grant_in,
    id_key,
    operations,
    prefix_of,
    record_in,
    sortable,
    stored_in,
    user_prefix,
)

log = logging.getLogger(__name__)

PAGE = tables.MAX_PAGE
"""Rows that one request returns at most."""
FEW_USERS = 16
"""So few are read one by one where a range over all of them holds more than a page."""
_SWEEP = "sweep"


@dataclass(frozen=True, slots=True)
class Filter:
    """Which grants a list holds; None: any. `announced` compares the announcement of a sweep with `announced_since`."""

    user_id: str | None = None
    sku_id: str | None = None
    expires_before: datetime | None = None
    announced: bool | None = None
    announced_since: datetime | None = None


class GrantStore:
    """Every write is conditional or idempotent; nothing here decides what to write."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    @property
    def _table(self) -> TableClient:
        return self._storage.table("grants")

    # --- by user ------------------------------------------------------------------------------------------

    def running(self, user_ids: Iterable[str]) -> Iterator[Grant]:
        """The running grants of these users, without their history."""
        return map(grant_in, self._rows_of(user_ids, FACTS))

    def of_users(self, user_ids: Iterable[str]) -> dict[str, dict[str, Stored]]:
        """The running grants of these users, by user and SKU; a user without one has no entry."""
        found: dict[str, dict[str, Stored]] = {}
        for stored in map(stored_in, self._rows_of(user_ids)):
            found.setdefault(stored.record.user_id, {})[stored.record.sku_id] = stored
        return found

    def _rows_of(self, user_ids: Iterable[str], select: Sequence[str] | None = None) -> Iterator[TableEntity]:
        """A range from the first user to the last, since neighbours by hash are asked for together: narrow for a
        chunk of a large job, and short where few grants run. Where it is long and the users are few, a range each.
        """
        left = sorted({user_prefix(user_id) for user_id in user_ids})
        wanted = frozenset(left)
        while left:
            rows = self._page(left[0], behind(left[-1]), select)
            whole = len(rows) < PAGE
            cut = None if whole else prefix_of(rows[-1]["RowKey"])
            yield from (row for row in rows if (key := prefix_of(row["RowKey"])) in wanted and key != cut)
            if cut is None:
                return
            left = [prefix for prefix in left if prefix >= cut]
            if len(left) <= FEW_USERS:
                break
        for prefix in left:
            yield from self._page(prefix, behind(prefix), select)

    def _page(self, start: str, end: str, select: Sequence[str] | None) -> list[TableEntity]:
        return tables.first_page(self._table, _RANGE, _range(start, end), PAGE, select=select)

    # --- by expiry, by id, by end -------------------------------------------------------------------------

    def due(self, cutoff: datetime) -> Iterator[GrantRecord]:
        """Running grants that expire at `cutoff` or before, the earliest first."""
        end = behind(f"due|{sortable(cutoff)}|")
        return map(record_in, tables.query(self._table, _RANGE, _range("due|", end)))

    def count_due(self, cutoff: datetime) -> int:
        end = behind(f"due|{sortable(cutoff)}|")
        rows = tables.query(self._table, _RANGE, _range("due|", end), select=("RowKey",))
        return sum(1 for _ in rows)

    def by_id(self, grant_id: str) -> Stored | None:
        row = tables.get(self._table, PARTITION, id_key(grant_id))
        return stored_in(row) if row else None

    def list_running(self, only: Filter, after: str, size: int) -> list[GrantRecord]:
        """Those behind the key `after` by expiry, at most `size`."""
        if only.user_id is not None:
            return self._list_of_user(only.user_id, only, after, size)
        end = f"due|{sortable(only.expires_before)}|" if only.expires_before else "due}"
        return self._list(max("due|", after), end, only, size)

    def list_ended(self, only: Filter, after: str, size: int) -> list[GrantRecord]:
        """Those behind the key `after`, the latest end first, at most `size`."""
        return self._list(max("ended|", after), "ended}", only, size)

    def ended_since(self, moment: datetime, job_id: str) -> Iterator[GrantRecord]:
        """Grants of this job that ended at that moment or later."""
        filter_ = f"{_RANGE} and jobId eq @job"
        parameters = _range("ended|", behind(ended_prefix(moment))) | {"job": job_id}
        return map(record_in, tables.query(self._table, filter_, parameters))

    def forget_ended_before(self, moment: datetime) -> None:
        """Delete the rows of grants that ended before that moment."""
        ended = tables.query(
            self._table, _RANGE, _range(ended_prefix(moment), "ended}"), select=("PartitionKey", "RowKey")
        )
        keys = [key for row in ended for key in (row["RowKey"], id_key(row["RowKey"].rsplit("|", 1)[1]))]
        operations = (tables.delete_operation({"PartitionKey": PARTITION, "RowKey": key}) for key in keys)
        tables.in_transactions(self._table, operations)

    def _list_of_user(self, user_id: str, only: Filter, after: str, size: int) -> list[GrantRecord]:
        """The same from the user's few rows, instead of searching all that run."""
        prefix = user_prefix(user_id)
        filter_, parameters = _filtered(only, prefix, behind(prefix))
        found = map(record_in, tables.query(self._table, filter_, parameters))
        return sorted((one for one in found if due_key(one) > after), key=due_key)[:size]

    def _list(self, after: str, end: str, only: Filter, size: int) -> list[GrantRecord]:
        filter_, parameters = _filtered(only, after, end)
        filter_ += " and RowKey ne @start"
        return [record_in(row) for row in tables.first_page(self._table, filter_, parameters, size)]

    # --- changes ------------------------------------------------------------------------------------------

    def commit(self, changes: Iterable[Change]) -> list[Change]:
        """Write them, as many in a transaction as it holds; each is whole or absent. At most one a user and SKU.

        Answers those that were not written since a grant in their transaction was no longer as read (or since a
        lost answer hid that they were): read again.
        """
        lost: list[Change] = []
        batch: list[Change] = []
        batched: list[Operation] = []
        for change in changes:
            wanted = operations(change)
            if len(batched) + len(wanted) > tables.MAX_OPERATIONS:
                lost += self._transact(batch, batched)
                batch, batched = [], []
            batch.append(change)
            batched += wanted
        return lost + self._transact(batch, batched)

    def _transact(self, changes: list[Change], batch: list[Operation]) -> list[Change]:
        if not batch:
            return []
        try:
            tables.transact(self._table, batch)
        except tables.Superseded:
            for change in changes:
                if change.before is not None:
                    self._put_back_due(change.before)
            return changes
        return []

    def put_back_due_rows(self) -> int:
        """Write the `due` row of each running grant that lost it; answers how many. Reads the keys of all."""
        due = {row["RowKey"] for row in self._keys("due|", "due}", "RowKey")}
        running = self._keys("user|", "user}", "RowKey", "expiresAt", "grantId")
        lost = [row["RowKey"] for row in running if due_key_beside(row) not in due]
        for key in lost:
            row = tables.get(self._table, PARTITION, key)
            if row:
                self._put_back_due(stored_in(row))
        return len(lost)

    def _keys(self, start: str, end: str, *columns: str) -> Iterator[TableEntity]:
        return tables.query(self._table, _RANGE, _range(start, end), select=columns)

    def _put_back_due(self, stored: Stored) -> None:
        """Write the `due` row if it is lost, as where tables were restored in part, and the grant is as it was read.

        Each change deletes or replaces that row, so without it none could be written: a job would try for ever.
        """
        record = stored.record
        key = id_key(record.grant_id) if stored.by_id else user_prefix(record.user_id) + record.sku_id
        as_read = tables.replace_operation(entity(key, record), stored.etag)
        try:
            tables.transact(self._table, [as_read, tables.create_operation(entity(due_key(record), record))])
        except tables.Superseded:
            log.debug("grant %s has its due row, or was changed meanwhile", record.grant_id)

    # --- sweeps -------------------------------------------------------------------------------------------

    def last_sweep(self) -> str | None:
        """The id of the latest sweep job, or of one before it: see `shared.jobs.sweep`."""
        row = tables.get(self._table, PARTITION, _SWEEP)
        return str(row["jobId"]) if row else None

    def note_sweep(self, job_id: str) -> None:
        tables.upsert(self._table, {"PartitionKey": PARTITION, "RowKey": _SWEEP, "jobId": job_id})


_RANGE = "PartitionKey eq @partition and RowKey ge @start and RowKey lt @end"


def _range(start: str, end: str) -> dict[str, Any]:
    return {"partition": PARTITION, "start": start, "end": end}


def _filtered(only: Filter, start: str, end: str) -> tuple[str, dict[str, Any]]:
    filter_, parameters = _RANGE, _range(start, end)
    for column, value in (("userId", only.user_id), ("skuId", only.sku_id)):
        if value is not None:
            filter_ += f" and {column} eq @{column}"
            parameters[column] = value
    if only.expires_before is not None:
        filter_ += " and expiresAt lt @before and expiresAt ne ''"
        parameters["before"] = sortable(only.expires_before)
    if only.announced is not None and only.announced_since is not None:
        filter_ += f" and endingSince {'ge' if only.announced else 'lt'} @since"
        parameters["since"] = sortable(only.announced_since)
    return filter_, parameters
