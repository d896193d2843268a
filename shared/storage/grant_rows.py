"""The rows of a temporary licence in the table `grants`, and how they change together.

user  | <user_hash>|<userId>|<skuId>    the running grant of a user and SKU: at most one, by its key
due   | <expiresAt>|<grantId>           running grants by expiry
id    | <grantId>                       every grant, also when it has ended
ended | <reversed time>|<grantId>       ended grants, the latest first

One partition, so that all rows of a grant change in one transaction. Each carries the whole grant: a list, a user or
one id is one read. Whatever changes a running grant writes its `user` row and its `id` row together, so a condition
on either of them notices every other change, whichever of the two that one was made from.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from azure.data.tables import TableEntity
from pydantic import TypeAdapter

from shared.api.record_answers import GrantEvent
from shared.clock import from_iso
from shared.jobs.records import user_hash
from shared.models import Grant
from shared.storage import tables
from shared.storage.packing import deflate, inflate, join, split

PARTITION = "grants"
FACTS = ("RowKey", "grantId", "userId", "skuId", "jobId", "expiresAt")
"""The columns behind `grant`."""
_END_OF_TIME = 10**14
Operation = tuple[Any, ...]


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
    """A grant as its `user` row showed it (its `id` row where `by_id`), with that row's ETag."""

    record: GrantRecord
    etag: str
    by_id: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of a user's grant of one SKU.

    `before` is the running one as it was read, None where there was none; `ended` is that grant once it has ended;
    `running` is the one that runs from then on, the same or a new one. At least one of the two is set.
    """

    before: Stored | None = None
    ended: GrantRecord | None = None
    running: GrantRecord | None = None

    @property
    def user_id(self) -> str:
        record = self.running or self.ended
        if record is None:
            raise ValueError("a change without an outcome")
        return record.user_id


_RECORD = TypeAdapter(GrantRecord)


# --- keys ---------------------------------------------------------------------------------------------------


def user_prefix(user_id: str) -> str:
    """What the keys of a user's rows begin with."""
    return f"user|{user_hash(user_id)}|{user_id}|"


def prefix_of(user_key: str) -> str:
    return user_key[: user_key.rindex("|") + 1]


def behind(prefix: str) -> str:
    """The first key behind all that begin with a prefix that ends in `|`."""
    return prefix[:-1] + "}"


def due_key(record: GrantRecord) -> str:
    if record.expires_at is None:
        raise ValueError("a grant without an expiry does not run")
    return _due_key(sortable(record.expires_at), record.grant_id)


def due_key_beside(row: TableEntity) -> str:
    """The key of the `due` row that belongs to a `user` row."""
    return _due_key(row["expiresAt"], row["grantId"])


def _due_key(expires_at: str, grant_id: str) -> str:
    return f"due|{expires_at}|{grant_id}"


def ended_key(record: GrantRecord) -> str:
    if record.ended_at is None:
        raise ValueError("the grant runs")
    return f"{ended_prefix(record.ended_at)}{record.grant_id}"


def ended_prefix(moment: datetime) -> str:
    """Milliseconds counted down, so that the latest sorts first."""
    return f"ended|{_END_OF_TIME - int(moment.timestamp() * 1000):014d}|"


def id_key(grant_id: str) -> str:
    return f"id|{grant_id}"


def sortable(moment: datetime) -> str:
    """ISO in UTC with fixed width, so that text sorts by time; ':' is allowed in keys."""
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


# --- rows ---------------------------------------------------------------------------------------------------


def entity(key: str, record: GrantRecord) -> dict[str, Any]:
    """The columns are what lists filter by and plans need; an absent time is an empty string, before all others."""
    return {
        "PartitionKey": PARTITION,
        "RowKey": key,
        "grantId": record.grant_id,
        "userId": record.user_id,
        "skuId": record.sku_id,
        "jobId": record.job_id,
        "reason": record.reason or "",
        "expiresAt": sortable(record.expires_at) if record.expires_at else "",
        "endingSince": sortable(record.ending_since) if record.ending_since else "",
        **split(deflate(_RECORD.dump_json(record, exclude_defaults=True))),
    }


def record_in(row: TableEntity) -> GrantRecord:
    return _RECORD.validate_json(inflate(join(row)))


def stored_in(row: TableEntity) -> Stored:
    """From a `user` or an `id` row."""
    return Stored(record_in(row), tables.etag_of(row), by_id=row["RowKey"].startswith("id|"))


def grant_in(row: TableEntity) -> Grant:
    """From a `user` row, read with the columns `FACTS` at least."""
    return Grant(row["grantId"], row["userId"], row["skuId"], from_iso(row["expiresAt"]), row["jobId"])


# --- changes ------------------------------------------------------------------------------------------------


def operations(change: Change) -> list[Operation]:
    """The operations of one transaction, each row once; together they fail if the grant is not as it was read."""
    return [_user_operation(change), *_due_operations(change), *_id_operations(change)]


def _user_operation(change: Change) -> Operation:
    before, running = change.before, change.running
    record = running or change.ended
    if record is None:
        raise ValueError("a change without an outcome")
    row = entity(user_prefix(record.user_id) + record.sku_id, record)
    if before is None:
        return tables.create_operation(row)
    etag = None if before.by_id else before.etag
    if running is None:
        return tables.delete_operation(row, etag)
    return tables.upsert_operation(row) if etag is None else tables.replace_operation(row, etag)


def _due_operations(change: Change) -> list[Operation]:
    former = due_key(change.before.record) if change.before else None
    later = due_key(change.running) if change.running else None
    found = []
    if former and former != later:
        found.append(tables.delete_operation({"PartitionKey": PARTITION, "RowKey": former}))
    if change.running and later:
        found.append(tables.upsert_operation(entity(later, change.running)))
    return found


def _id_operations(change: Change) -> list[Operation]:
    found = []
    if change.ended:
        found.append(tables.upsert_operation(entity(ended_key(change.ended), change.ended)))
    for record in (change.ended, change.running):
        if record is None:
            continue
        row = entity(id_key(record.grant_id), record)
        before = change.before
        if before is not None and before.by_id and before.record.grant_id == record.grant_id:
            found.append(tables.replace_operation(row, before.etag))
        else:
            found.append(tables.upsert_operation(row))
    return found
