"""Jobs, groups, pages and chunks in the table `jobs`. See `shared.jobs.records` for the keys."""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from azure.data.tables import TableClient, TableEntity
from pydantic import TypeAdapter

from shared.clock import Clock, from_iso, to_iso
from shared.jobs.records import (
    ChunkRecord,
    ChunkTally,
    GroupRecord,
    JobFacts,
    JobRecord,
    Order,
    PageMember,
    Phase,
    count,
    ended_unknown,
    some_givers,
    undoable,
    units,
)
from shared.models import CodedError, Counts, GroupStatus, Item, ItemStatus, JobStatus
from shared.storage import tables
from shared.storage.connection import Storage
from shared.storage.packing import MAX_ENTITY_BYTES, RecordTooLarge, deflate, inflate, join, split

_FACTS = TypeAdapter(JobFacts)
_ITEMS = TypeAdapter(list[Item])
_MEMBERS = TypeAdapter(list[PageMember])
_ORDER = TypeAdapter(Order)
_TALLY = (
    "RowKey",
    "run",
    "counts",
    "warnings",
    "givers",
    "needed",
    "waiting",
    "taken",
    "adds",
    "undoable",
    "unknown",
    "retryAt",
    "updatedAt",
)
USER_ROWS = 100
"""Rows with users in one answer: a thousand pages of members at once were two hundred MiB in memory."""
CHUNKS_PER_TRANSACTION = 25
"""New chunks are written in transactions of at most a hundred rows; most chunks are one row."""
MAX_CHUNK_PARTS = 4
"""Rows a chunk may span: a transaction of 4 MiB holds four full ones in their base64 form."""


class JobStore:
    """Every write is idempotent or conditional; nothing here decides what to write."""

    def __init__(self, storage: Storage, clock: Clock) -> None:
        self._storage = storage
        self._clock = clock

    @property
    def _table(self) -> TableClient:
        return self._storage.table("jobs")

    # --- the job ------------------------------------------------------------------------------------------

    def create(self, job: JobRecord) -> bool:
        """False if a job of that id is there already: the same idempotency key."""
        facts = split(deflate(_FACTS.dump_json(job.facts, exclude_defaults=True)))
        entity = tables.stamped({**_job_columns(job), **facts})
        etag = tables.create(self._table, entity)
        job.etag = etag or ""
        return etag is not None

    def get(self, job_id: str) -> JobRecord | None:
        entity = tables.get(self._table, job_id, "job")
        return _job(entity) if entity else None

    def save(self, job: JobRecord) -> None:
        """Write the changing side of the job.

        Raises:
            Superseded: somebody else wrote it since it was read.
        """
        job.etag = tables.merge(self._table, tables.stamped(_job_columns(job)), job.etag)

    def delete(self, job_id: str) -> None:
        """Every row of the job."""
        rows = tables.query(
            self._table, "PartitionKey eq @job", {"job": job_id}, select=("PartitionKey", "RowKey")
        )
        tables.in_transactions(self._table, (tables.delete_operation(row) for row in rows))

    # --- groups and pages ---------------------------------------------------------------------------------

    def group(self, job_id: str, index: int) -> GroupRecord:
        entity = tables.get(self._table, job_id, _group_key(index))
        return _group(entity) if entity else GroupRecord(index)

    def groups(self, job_id: str) -> dict[int, GroupRecord]:
        """Those that were taken up."""
        records = [_group(row) for row in self._range(job_id, "group|", "group}")]
        return {record.index: record for record in records}

    def save_group(self, job_id: str, group: GroupRecord) -> None:
        """Write the group if it is still as read.

        Raises:
            Superseded: another delivery of its message wrote it: two readings of one group must not mix.
        """
        group.updated_at = self._clock()
        entity = tables.stamped(_group_entity(job_id, group))
        if group.etag:
            group.etag = tables.replace(self._table, entity, group.etag)
            return
        etag = tables.create(self._table, entity)
        if etag is None:
            raise tables.Superseded(entity["RowKey"])
        group.etag = etag

    def save_page(self, job_id: str, group: GroupRecord, members: Sequence[PageMember]) -> None:
        """Write the group, if it is still as read, and with it its latest page (`group.pages` counts it already).

        Raises:
            Superseded: as `save_group`, or the answer was lost: read the group again.
        """
        group.updated_at = self._clock()
        data = deflate(_MEMBERS.dump_json(list(members), exclude_defaults=True))
        key = f"page|{group.index:03d}|{group.epoch:02d}|{group.pages - 1:04d}"
        page = {"PartitionKey": job_id, "RowKey": key, **split(data)}
        operations = [
            tables.replace_operation(_group_entity(job_id, group), group.etag),
            tables.upsert_operation(page),
        ]
        group.etag = tables.transact(self._table, operations)[0]

    def pages(self, job_id: str, group: GroupRecord) -> Iterator[list[PageMember]]:
        """The members of a group as its last reading found them, in order."""
        prefix = f"page|{group.index:03d}|{group.epoch:02d}|"
        for row in self._range(job_id, prefix, f"{prefix}{group.pages:04d}", page_size=USER_ROWS):
            yield _MEMBERS.validate_json(inflate(join(row)))

    # --- chunks -------------------------------------------------------------------------------------------

    def create_chunks(self, job_id: str, chunks: Iterable[ChunkRecord]) -> None:
        """Idempotent: a chunk that is there stays as it is, whatever has happened to it since."""
        batch: list[list[dict[str, Any]]] = []
        size = 0
        for chunk in chunks:
            rows = self._chunk_rows(job_id, chunk)
            weight = sum(len(part) for row in rows for part in row.values() if isinstance(part, bytes))
            if batch and (len(batch) >= CHUNKS_PER_TRANSACTION or size + weight > MAX_ENTITY_BYTES):
                self._create_rows(batch)
                batch, size = [], 0
            batch.append(rows)
            size += weight
        if batch:
            self._create_rows(batch)

    def _create_rows(self, chunks: list[list[dict[str, Any]]]) -> None:
        """All at once, or one by one if some are there already."""
        try:
            tables.transact(self._table, [tables.create_operation(row) for rows in chunks for row in rows])
        except tables.Superseded:
            if len(chunks) > 1:
                for rows in chunks:
                    self._create_rows([rows])

    def chunk(self, job_id: str, index: int) -> ChunkRecord | None:
        entity = tables.get(self._table, job_id, _chunk_key(index))
        return self._read_chunk(job_id, entity) if entity else None

    def save_chunk(self, job_id: str, chunk: ChunkRecord) -> None:
        """Write the chunk if it is still as read.

        Raises:
            Superseded: somebody else wrote it.
            RecordTooLarge: it does not fit a transaction.
        """
        head, *rest = self._chunk_rows(job_id, chunk)
        head = tables.stamped(head)
        if not rest and chunk.parts == 1:
            chunk.etag = tables.replace(self._table, head, chunk.etag)
            return
        operations = [tables.replace_operation(head, chunk.etag), *map(tables.upsert_operation, rest)]
        try:
            chunk.etag = tables.transact(self._table, operations)[0]
        except tables.Superseded:
            etag = tables.written(self._table, head)
            if etag is None:
                raise
            chunk.etag = etag
        chunk.parts = len(operations)

    def delete_chunks(self, job_id: str, first: int, before_run: int) -> None:
        """Forget chunks from `first` on that a former run wrote but never came to run."""
        rows = list(
            self._range(job_id, _chunk_key(first), "chunk}", select=("PartitionKey", "RowKey", "run"))
        )
        former = {_index(row) for row in rows if not _is_part(row) and int(row["run"]) < before_run}
        tables.in_transactions(
            self._table, (tables.delete_operation(row) for row in rows if _index(row) in former)
        )

    def chunks(self, job_id: str, first: int = 0, *, where: str = "") -> Iterator[ChunkRecord]:
        """In order from `first`. `where` is a condition on the tally's columns."""
        start, end = _chunk_key(first), "chunk}"
        for row in self._range(job_id, start, end, where=where, page_size=USER_ROWS):
            if not _is_part(row):
                yield self._read_chunk(job_id, row)

    def tallies(self, job_id: str) -> list[ChunkTally]:
        """One a chunk, without reading the items."""
        rows = self._range(job_id, "chunk|", "chunk}", select=_TALLY)
        return [_tally(row) for row in rows if not _is_part(row)]

    def has_open_chunk(self, job_id: str, run: int) -> bool:
        """Whether users of any chunk are still to be done in this run. One row at most is read."""
        taken_up = f"run lt {run:d} and ( n_failed gt 0 or n_canceled gt 0 )"
        where = f"( n_pending gt 0 or n_retrying gt 0 or ( {taken_up} ) )"
        rows = self._range(job_id, "chunk|", "chunk}", where=where, select=("RowKey",), page_size=1)
        return next(rows, None) is not None

    def _range(
        self,
        job_id: str,
        start: str,
        end: str,
        *,
        where: str = "",
        select: Sequence[str] | None = None,
        page_size: int = tables.MAX_PAGE,
    ) -> Iterator[TableEntity]:
        filter_ = "PartitionKey eq @job and RowKey ge @start and RowKey lt @end"
        if where:
            filter_ += f" and {where}"
        parameters = {"job": job_id, "start": start, "end": end}
        return tables.query(self._table, filter_, parameters, select=select, page_size=page_size)

    def _read_chunk(self, job_id: str, entity: TableEntity) -> ChunkRecord:
        data = join(entity)
        parts = int(entity["parts"])
        for part in range(1, parts):
            extra = tables.get(self._table, job_id, f"{_chunk_key(_index(entity))}|{part}")
            data += join(extra or {})
        return ChunkRecord(
            index=_index(entity),
            items=_ITEMS.validate_json(inflate(data)),
            run=int(entity["run"]),
            source_index=entity.get("sourceIndex"),
            etag=tables.etag_of(entity),
            parts=parts,
        )

    def _chunk_rows(self, job_id: str, chunk: ChunkRecord) -> list[dict[str, Any]]:
        data = deflate(_ITEMS.dump_json(chunk.items, exclude_defaults=True))
        pieces = [data[start : start + MAX_ENTITY_BYTES] for start in range(0, len(data), MAX_ENTITY_BYTES)]
        if len(pieces) > MAX_CHUNK_PARTS:
            raise RecordTooLarge(f"chunk {chunk.index} of job {job_id}: {len(data)} bytes")
        key = _chunk_key(chunk.index)
        head = {
            "PartitionKey": job_id,
            "RowKey": key,
            **_chunk_columns(chunk, self._clock()),
            "parts": len(pieces),
        }
        rows = [{**head, **split(pieces[0])}]
        for number, piece in enumerate(pieces[1:], start=1):
            rows.append({"PartitionKey": job_id, "RowKey": f"{key}|{number}", **split(piece)})
        return rows


# --- entities -----------------------------------------------------------------------------------------------


def _job_columns(job: JobRecord) -> dict[str, Any]:
    """The changing side. None would be left out of a merge, so absence is an empty string."""
    return {
        "PartitionKey": job.job_id,
        "RowKey": "job",
        "status": job.status.value,
        "phase": job.phase.value,
        "run": job.run,
        "cancelRequested": job.cancel_requested,
        "startedAt": _text(job.started_at),
        "finishedAt": _text(job.finished_at),
        "chunks": job.chunks,
        "fannedRun": job.fanned_run,
        "expanded": job.expanded,
        "available": json.dumps(job.available),
        "scarce": json.dumps(job.scarce),
        "undoneBy": job.undone_by or "",
        "carriedOutBy": job.carried_out_by or "",
        "errorCode": job.error.code if job.error else "",
        "errorMessage": job.error.message if job.error else "",
        "stopped": job.stopped,
        "cutoff": _text(job.cutoff),
        "file": job.file or "",
        "startOrder": _order_text(job.start_order),
        "cancelOrder": _order_text(job.cancel_order),
    }


def _job(entity: TableEntity) -> JobRecord:
    return JobRecord(
        job_id=entity["PartitionKey"],
        facts=_FACTS.validate_json(inflate(join(entity))),
        status=JobStatus(entity["status"]),
        phase=Phase(entity["phase"]),
        run=int(entity["run"]),
        cancel_requested=bool(entity["cancelRequested"]),
        started_at=_time(entity["startedAt"]),
        finished_at=_time(entity["finishedAt"]),
        chunks=int(entity["chunks"]),
        fanned_run=int(entity["fannedRun"]),
        expanded=bool(entity["expanded"]),
        available=json.loads(entity["available"]),
        scarce=tuple(json.loads(entity["scarce"])),
        undone_by=entity["undoneBy"] or None,
        carried_out_by=entity["carriedOutBy"] or None,
        error=_error(entity),
        stopped=bool(entity["stopped"]),
        cutoff=_time(entity["cutoff"]),
        file=entity["file"] or None,
        start_order=_order(entity, "startOrder"),
        cancel_order=_order(entity, "cancelOrder"),
        etag=tables.etag_of(entity),
    )


def _group_entity(job_id: str, group: GroupRecord) -> dict[str, Any]:
    return {
        "PartitionKey": job_id,
        "RowKey": _group_key(group.index),
        "status": group.status.value,
        "run": group.run,
        "epoch": group.epoch,
        "pages": group.pages,
        "users": group.users,
        "attempts": group.attempts,
        "restarts": group.restarts,
        "errorCode": group.error.code if group.error else "",
        "errorMessage": group.error.message if group.error else "",
        "updatedAt": _text(group.updated_at),
        **split((group.next_link or "").encode()),
    }


def _group(entity: TableEntity) -> GroupRecord:
    return GroupRecord(
        index=int(entity["RowKey"].split("|")[1]),
        status=GroupStatus(entity["status"]),
        run=int(entity["run"]),
        epoch=int(entity["epoch"]),
        pages=int(entity["pages"]),
        users=int(entity["users"]),
        next_link=join(entity).decode() or None,
        attempts=int(entity["attempts"]),
        restarts=int(entity.get("restarts") or 0),  # rows of former versions have none
        error=_error(entity),
        updated_at=_time(entity["updatedAt"]),
        etag=tables.etag_of(entity),
    )


def _chunk_columns(chunk: ChunkRecord, now: datetime) -> dict[str, Any]:
    counts = count(chunk.items)
    warnings: dict[str, int] = {}
    for item in chunk.items:
        for code in item.warnings:
            warnings[code] = warnings.get(code, 0) + 1
    retries = [item.next_attempt_at for item in chunk.items if item.status is ItemStatus.RETRYING]
    columns: dict[str, Any] = {
        "run": chunk.run,
        "counts": json.dumps([getattr(counts, name) for name in Counts.__slots__]),
        "warnings": json.dumps(warnings),
        "givers": json.dumps(some_givers(name for item in chunk.items for name in item.givers)),
        "needed": json.dumps(units(chunk.items)),
        "waiting": json.dumps(units(item for item in chunk.items if not item.status.terminal)),
        "taken": json.dumps(units(item for item in chunk.items if item.status is ItemStatus.CHANGED)),
        "adds": sum(1 for item in chunk.items if item.added),
        "undoable": sum(1 for item in chunk.items if undoable(item)),
        "unknown": sum(1 for item in chunk.items if ended_unknown(item)),
        "retryAt": _text(min((at for at in retries if at), default=None)),
        "updatedAt": _text(now),
        **{f"n_{name}": getattr(counts, name) for name in Counts.__slots__},
        **{f"w_{code}": number for code, number in warnings.items()},
    }
    if chunk.source_index is not None:
        columns["sourceIndex"] = chunk.source_index
    return columns


def _tally(entity: TableEntity) -> ChunkTally:
    return ChunkTally(
        index=_index(entity),
        run=int(entity["run"]),
        counts=Counts(*json.loads(entity["counts"])),
        warnings=json.loads(entity["warnings"]),
        givers=json.loads(entity["givers"]),
        needed=json.loads(entity["needed"]),
        waiting=json.loads(entity["waiting"]),
        taken=json.loads(entity["taken"]),
        adds=int(entity["adds"]),
        undoable=int(entity["undoable"]),
        unknown=int(entity.get("unknown") or 0),  # rows of former versions have none
        retry_at=_time(entity["retryAt"]),
        updated_at=_time(entity["updatedAt"]),
    )


def _error(entity: TableEntity) -> CodedError | None:
    return CodedError(entity["errorCode"], entity["errorMessage"]) if entity["errorCode"] else None


def _order_text(order: Order | None) -> str:
    return _ORDER.dump_json(order).decode() if order else ""


def _order(entity: TableEntity, name: str) -> Order | None:
    """Rows of former versions have none."""
    text = entity.get(name)
    return _ORDER.validate_json(text) if text else None


def _group_key(index: int) -> str:
    return f"group|{index:03d}"


def _chunk_key(index: int) -> str:
    return f"chunk|{index:06d}"


def _index(entity: TableEntity) -> int:
    return int(entity["RowKey"].split("|")[1])


def _is_part(entity: TableEntity) -> bool:
    return str(entity["RowKey"]).count("|") > 1


def _text(moment: datetime | None) -> str:
    return to_iso(moment) if moment else ""


def _time(text: str | None) -> datetime | None:
    return from_iso(text) if text else None
