"""One storage queue, with the few calls that the host makes, awaitable.

The SDK's own client blocks, so each call runs in the pool of storage threads. Texts go through raw: the SDK's
base64 policy fails a whole batch for one message that is not base64.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import suppress
from typing import TypeVar

from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure.storage.queue import QueueClient, QueueMessage, QueueServiceClient

T = TypeVar("T")


class HostQueue:
    """All methods raise AzureError when storage does not do what they ask."""

    def __init__(self, service: QueueServiceClient, name: str, threads: Executor) -> None:
        self.name = name
        self._client: QueueClient = service.get_queue_client(name)
        self._threads = threads

    async def receive(self, count: int, lease_seconds: int) -> list[QueueMessage]:
        """Up to `count` messages in one request, hidden for the lease; none where the queue is missing."""
        return await self._call(lambda: self._receive(count, lease_seconds))

    def _receive(self, count: int, lease_seconds: int) -> list[QueueMessage]:
        pages = self._client.receive_messages(
            messages_per_page=count, visibility_timeout=lease_seconds
        ).by_page()
        try:
            return list(next(pages, ()))
        except ResourceNotFoundError:
            return []

    async def hide(self, message_id: str, pop_receipt: str, seconds: float) -> str:
        """Hide the message for `seconds` (whole ones, rounded up) from now; the new pop receipt."""

        def update() -> str:
            updated = self._client.update_message(
                message_id, pop_receipt, visibility_timeout=-int(-seconds // 1)
            )
            return str(updated.pop_receipt)

        return await self._call(update)

    async def delete(self, message_id: str, pop_receipt: str) -> None:
        await self._call(lambda: self._client.delete_message(message_id, pop_receipt))

    async def send(self, text: str) -> None:
        """Send `text` as it is; makes the queue where it is missing."""
        await self._call(lambda: self._send(text))

    def _send(self, text: str) -> None:
        try:
            self._client.send_message(text)
        except ResourceNotFoundError:
            with suppress(ResourceExistsError):  # made by another instance since
                self._client.create_queue()
            self._client.send_message(text)

    async def _call(self, call: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, call)


def poison_queue_name(queue_name: str) -> str | None:
    """The name of a queue's poison queue; none for a poison queue itself or where it would be too long."""
    name = f"{queue_name}-poison"
    return None if queue_name.endswith("-poison") or len(name) > 63 else name
