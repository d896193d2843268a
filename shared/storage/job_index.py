"""The list of jobs, newest first: the table `jobindex`.

A row holds the job as it was when it was last noted; for one that has ended that is its final state, so that a page
of the list is one read. Rows of jobs that run are read anew from their records. Keys fall with time:

    jobs | <reversed time>|<jobId>
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from azure.data.tables import TableClient, TableEntity
from pydantic import TypeAdapter

from shared.models import JobStatus, JobView
from shared.storage import tables
from shared.storage.connection import Storage
from shared.storage.packing import deflate, inflate, join, split

_VIEW = TypeAdapter(JobView)
_END_OF_TIME = 10**14
_PARTITION = "jobs"


@dataclass(frozen=True, slots=True)
class IndexEntry:
    key: str
    job_id: str
    status: JobStatus
    view: JobView


class JobIndex:
    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    @property
    def _table(self) -> TableClient:
        return self._storage.table("jobindex")

    def put(self, view: JobView) -> None:
        """Note the job as it is now."""
        entity = {
            "PartitionKey": _PARTITION,
            "RowKey": _key(view.created_at, view.job_id),
            "status": view.status.value,
            "action": view.request.action.value,
            "running": not view.status.terminal,
            **split(deflate(_VIEW.dump_json(view, exclude_defaults=True))),
        }
        tables.upsert(self._table, entity)

    def delete(self, created_at: datetime, job_id: str) -> None:
        tables.delete(self._table, _PARTITION, _key(created_at, job_id))

    def newest_first(
        self,
        after: str = "",
        *,
        status: JobStatus | None = None,
        action: str | None = None,
        dry_run_too: bool = True,
        page_size: int = 100,
    ) -> Iterator[IndexEntry]:
        """Entries behind the key `after`, page by page as they are read."""
        filter_, parameters = (
            "PartitionKey eq @partition and RowKey gt @after",
            {
                "partition": _PARTITION,
                "after": after,
            },
        )
        if status is not None:
            filter_ += " and status eq @status"
            parameters["status"] = status.value
        if action is not None:
            filter_ += " and action eq @action"
            parameters["action"] = action
        for row in tables.query(self._table, filter_, parameters, page_size=page_size):
            yield _entry(row)

    def running(self) -> list[str]:
        """Ids of the jobs that have not ended."""
        rows = tables.query(
            self._table,
            "PartitionKey eq @partition and running eq true",
            {"partition": _PARTITION},
            select=("RowKey",),
        )
        return [row["RowKey"].split("|")[1] for row in rows]

    def ended_before(self, moment: datetime) -> Iterator[IndexEntry]:
        """Entries of jobs that ended before that moment, whenever they were created; later rows are not read."""
        rows = tables.query(
            self._table,
            "PartitionKey eq @partition and RowKey gt @after and running eq false",
            {"partition": _PARTITION, "after": _key(moment, "")},
        )
        return (entry for entry in map(_entry, rows) if _ended_at(entry.view) < moment)


def _key(created_at: datetime, job_id: str) -> str:
    """Milliseconds counted down, so that the newest sorts first."""
    return f"{_END_OF_TIME - int(created_at.timestamp() * 1000):014d}|{job_id}"


def _ended_at(view: JobView) -> datetime:
    return view.finished_at or view.created_at


def _entry(row: TableEntity) -> IndexEntry:
    key = row["RowKey"]
    return IndexEntry(
        key, key.split("|")[1], JobStatus(row["status"]), _VIEW.validate_json(inflate(join(row)))
    )
