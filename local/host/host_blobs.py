"""The host's own blobs in the container `azure-webjobs-hosts`: timer locks and the timers' status."""

import asyncio
import json
from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure.storage.blob import BlobClient, BlobServiceClient

T = TypeVar("T")

CONTAINER = "azure-webjobs-hosts"
_UNSET = datetime(1, 1, 1, tzinfo=UTC)  # .NET's default(DateTime), which means: never


@dataclass(frozen=True)
class ScheduleStatus:
    """When a monitored timer ran and runs next (UTC); `last` is None before its first run."""

    last: datetime | None
    next: datetime
    last_updated: datetime

    def to_dict(self) -> dict[str, str]:
        return {
            "Last": (self.last or _UNSET).isoformat(),
            "Next": self.next.isoformat(),
            "LastUpdated": self.last_updated.isoformat(),
        }

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> "ScheduleStatus":
        last, following, updated = (_parse(content[name]) for name in ("Last", "Next", "LastUpdated"))
        return cls(None if last.year == 1 else last, following, updated)


def _parse(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


class HostBlobs:
    """All methods raise AzureError where storage does not answer. Calls run in the storage threads."""

    def __init__(self, service: BlobServiceClient, host_id: str, threads: Executor) -> None:
        self._service = service
        self._host_id = host_id
        self._threads = threads

    async def read_status(self, function_name: str) -> ScheduleStatus | None:
        """The stored status; None where there is none or it cannot be read as one."""
        blob = self._status_blob(function_name)

        def read() -> bytes | None:
            try:
                return bytes(blob.download_blob().readall())
            except ResourceNotFoundError:
                return None

        content = await self._call(read)
        try:
            return ScheduleStatus.from_dict(json.loads(content)) if content else None
        except (ValueError, KeyError, TypeError):
            return None

    async def write_status(self, function_name: str, status: ScheduleStatus) -> None:
        blob = self._status_blob(function_name)
        content = json.dumps(status.to_dict())
        await self._call(lambda: self._with_container(lambda: blob.upload_blob(content, overwrite=True)))

    async def acquire_lock(self, function_name: str, seconds: int) -> "HostLock | None":
        """The timer's lock for `seconds`, None while another instance holds it."""
        name = f"locks/{self._host_id}/Host.Functions.{function_name}.Listener"
        blob = self._service.get_blob_client(CONTAINER, name)

        def acquire() -> HostLock | None:
            for _ in range(2):
                try:
                    return HostLock(blob.acquire_lease(lease_duration=seconds), self._call)
                except ResourceNotFoundError:
                    self._with_container(lambda: _create_empty(blob))
                except ResourceExistsError:  # 409 LeaseAlreadyPresent
                    return None
            return None

        return await self._call(acquire)

    def _status_blob(self, function_name: str) -> BlobClient:
        name = f"timers/{self._host_id}/Host.Functions.{function_name}/status"
        return self._service.get_blob_client(CONTAINER, name)

    def _with_container(self, write: Callable[[], object]) -> None:
        try:
            write()
        except ResourceNotFoundError:
            with suppress(ResourceExistsError):  # made by another instance since
                self._service.create_container(CONTAINER)
            write()

    async def _call(self, call: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, call)


class HostLock:
    """A lease that is held until it is released, lost or left to run out."""

    def __init__(self, lease: Any, call: Callable[[Callable[[], None]], Any]) -> None:
        self._lease = lease
        self._call = call

    async def renew(self) -> None:
        await self._call(lambda: self._lease.renew())

    async def release(self) -> None:
        await self._call(lambda: self._lease.release())


def _create_empty(blob: BlobClient) -> None:
    with suppress(ResourceExistsError):  # made by another instance since
        blob.upload_blob(b"", overwrite=False)
