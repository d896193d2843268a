"""The few operations on a table that the stores share, with the answers that a lost response leaves behind."""

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from azure.core import MatchConditions
from azure.core.exceptions import (
    HttpResponseError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)
from azure.data.tables import TableClient, TableEntity, TransactionOperation, UpdateMode

from shared.errors import StorageUnavailable
from shared.storage.connection import storage_errors

MAX_OPERATIONS = 100
"""Operations a transaction may have (https://learn.microsoft.com/rest/api/storageservices/performing-entity-group-transactions)."""
MAX_PAGE = 1000
"""Rows a page may have; a request for more is refused, though Azurite answers it
(https://learn.microsoft.com/rest/api/storageservices/query-timeout-and-pagination)."""

Entity = Mapping[str, Any]
_STAMP = "stamp"


class Superseded(Exception):
    """The row changed under us, or a write of ours went through though its answer was lost: read again."""


def stamped(entity: Entity) -> dict[str, Any]:
    """The entity with a mark of its own, by which `create`, `replace` and `merge` know it again.

    A conditional write whose answer is lost is refused when the SDK repeats it, as if somebody else had been faster.
    The mark tells our own write from theirs.
    """
    return {**entity, _STAMP: uuid.uuid4().hex}


def written(table: TableClient, entity: Entity) -> str | None:
    """The ETag of the row if it is this stamped entity as it was written."""
    stamp = entity.get(_STAMP)
    row = get(table, entity["PartitionKey"], entity["RowKey"], select=(_STAMP,)) if stamp else None
    return etag_of(row) if row is not None and row.get(_STAMP) == stamp else None


def get(
    table: TableClient, partition: str, row: str, select: Sequence[str] | None = None
) -> TableEntity | None:
    with storage_errors():
        try:
            return table.get_entity(partition, row, select=list(select) if select else None)
        except ResourceNotFoundError:
            return None


def create(table: TableClient, entity: Entity) -> str | None:
    """The new row's ETag, or None if there is one already."""
    try:
        with storage_errors():
            return _etag(table.create_entity(entity))
    except ResourceExistsError:
        return written(table, entity)
    except StorageUnavailable:
        if (etag := written(table, entity)) is not None:
            return etag
        raise


def replace(table: TableClient, entity: Entity, etag: str) -> str:
    """Write the whole row if it is still as read; answers the new ETag.

    Raises:
        Superseded: it is not.
    """
    return _update(table, entity, etag, UpdateMode.REPLACE)


def merge(table: TableClient, entity: Entity, etag: str) -> str:
    """Write the named properties if the row is still as read; answers the new ETag.

    Raises:
        Superseded: it is not.
    """
    return _update(table, entity, etag, UpdateMode.MERGE)


def upsert(table: TableClient, entity: Entity) -> None:
    with storage_errors():
        table.upsert_entity(entity, mode=UpdateMode.REPLACE)


def delete(table: TableClient, partition: str, row: str, etag: str | None = None) -> None:
    """Idempotent; with `etag` only while the row is still as read.

    Raises:
        Superseded: it is not.
    """
    condition = MatchConditions.IfNotModified if etag else None
    with storage_errors():
        try:
            table.delete_entity(partition, row, etag=etag, match_condition=condition)
        except ResourceModifiedError as error:
            raise Superseded(row) from error


def query(
    table: TableClient,
    filter_: str,
    parameters: Mapping[str, Any],
    *,
    select: Sequence[str] | None = None,
    page_size: int = MAX_PAGE,
) -> Iterator[TableEntity]:
    """Rows in key order, page by page as they are read; `page_size` beyond what the service allows means that."""
    with storage_errors():
        yield from table.query_entities(
            filter_,
            parameters=dict(parameters),
            select=list(select) if select else None,
            results_per_page=min(page_size, MAX_PAGE),
        )


def first_page(
    table: TableClient,
    filter_: str,
    parameters: Mapping[str, Any],
    size: int,
    *,
    select: Sequence[str] | None = None,
) -> list[TableEntity]:
    """At most `size` rows in key order, in as few requests as the service allows."""
    rows: list[TableEntity] = []
    for row in query(table, filter_, parameters, select=select, page_size=size):
        rows.append(row)
        if len(rows) >= size:
            break
    return rows


def transact(table: TableClient, operations: Sequence[tuple[Any, ...]]) -> list[str]:
    """All or nothing, at most 100 operations in one partition; answers the rows' new ETags.

    Raises:
        Superseded: a condition failed, a row to be created is there, or one to be changed is gone.
    """
    if len(operations) > MAX_OPERATIONS:
        raise ValueError(f"{len(operations)} operations are more than a transaction holds")
    with storage_errors():
        try:
            return [str(answer.get("etag", "")) for answer in table.submit_transaction(list(operations))]
        except HttpResponseError as error:
            if error.status_code in (404, 409, 412):
                raise Superseded(str(error.status_code)) from error
            raise


def in_transactions(table: TableClient, operations: Iterable[tuple[Any, ...]]) -> None:
    """Idempotent operations of one partition, 100 at a time."""
    batch: list[tuple[Any, ...]] = []
    for operation in operations:
        batch.append(operation)
        if len(batch) == MAX_OPERATIONS:
            transact(table, batch)
            batch = []
    if batch:
        transact(table, batch)


def upsert_operation(entity: Entity) -> tuple[Any, ...]:
    return (TransactionOperation.UPSERT, entity, {"mode": UpdateMode.REPLACE})


def create_operation(entity: Entity) -> tuple[Any, ...]:
    return (TransactionOperation.CREATE, entity)


def replace_operation(entity: Entity, etag: str) -> tuple[Any, ...]:
    return (
        TransactionOperation.UPDATE,
        entity,
        {"mode": UpdateMode.REPLACE, "etag": etag, "match_condition": MatchConditions.IfNotModified},
    )


def delete_operation(entity: Entity, etag: str | None = None) -> tuple[Any, ...]:
    if etag is None:
        return (TransactionOperation.DELETE, entity)
    return (
        TransactionOperation.DELETE,
        entity,
        {"etag": etag, "match_condition": MatchConditions.IfNotModified},
    )


def _update(table: TableClient, entity: Entity, etag: str, mode: UpdateMode) -> str:
    try:
        with storage_errors():
            answer = table.update_entity(
                entity, mode=mode, etag=etag, match_condition=MatchConditions.IfNotModified
            )
        return _etag(answer)
    except (ResourceModifiedError, ResourceNotFoundError) as error:
        if (own := written(table, entity)) is not None:
            return own
        raise Superseded(str(entity.get("RowKey"))) from error
    except StorageUnavailable:
        if (own := written(table, entity)) is not None:
            return own
        raise


def _etag(answer: Mapping[str, Any]) -> str:
    return str(answer["etag"])


def etag_of(entity: TableEntity) -> str:
    return str(entity.metadata["etag"])
