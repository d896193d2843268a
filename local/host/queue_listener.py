"""Runs a queue function on its messages, as the queue extension of Azure Functions does.

azure-sdk-for-net, Microsoft.Azure.WebJobs.Extensions.Storage.Queues: QueueListener.cs, QueueProcessor.cs.
"""

import asyncio
import logging
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from azure.core.exceptions import AzureError
from azure.storage.queue import QueueMessage

from local.host.functions import Function, QueueTrigger
from local.host.host_json import QueueOptions
from local.host.invocation import FunctionFailedError
from local.host.message_lease import MessageLease, is_lost_message
from local.host.output_bindings import FunctionRunner
from local.host.polling import PollingBackoff
from local.host.queue_client import HostQueue
from local.host.queue_message import decode_body, queue_metadata, trigger_value
from local.host.storage_health import StorageHealth

logger = logging.getLogger("host.queues")

# After these waits (seconds) a call that ends a message's handling is tried once more.
_COMPLETION_RETRIES = (0.5, 1.0, 2.0, 4.0)


class QueueListener:
    """Polls one queue and keeps up to batch_size + new_batch_threshold messages running."""

    def __init__(
        self,
        function: Function,
        trigger: QueueTrigger,
        queue: HostQueue,
        poison: HostQueue | None,
        options: QueueOptions,
        lease_seconds: int,
        runner: FunctionRunner,
        health: StorageHealth,
    ) -> None:
        self._function = function
        self._trigger = trigger
        self._queue = queue
        self._poison = poison
        self._options = options
        self._lease_seconds = lease_seconds
        self._runner = runner
        self._health = health
        self._backoff = PollingBackoff(options.max_polling_interval)
        self._messages: set[asyncio.Task[None]] = set()
        self._stopping = False
        self._wake = asyncio.Event()
        self._polling: asyncio.Task[None] | None = None

    @property
    def queue_name(self) -> str:
        return self._queue.name

    def start(self) -> None:
        self._polling = asyncio.create_task(self._poll())

    def wake(self) -> None:
        """Poll at once: a message was just sent to the queue from here."""
        self._backoff.reset()
        self._wake.set()

    async def stop(self) -> None:
        """Stop polling. A batch on its way is still taken, so that it is not hidden for a whole lease."""
        self._stopping = True
        self._wake.set()
        if self._polling is not None:
            await self._polling

    async def wait_idle(self) -> None:
        """Return once every message that was taken has been handled to its end."""
        while self._messages:
            await asyncio.wait(self._messages)

    async def run_by_hand(self, text: str) -> None:
        """Run the function on `text` as if it had come from the queue, for the first time."""
        now = datetime.now(UTC)
        metadata = queue_metadata(
            message_id=str(uuid.uuid4()),
            pop_receipt="",
            dequeue_count=1,
            inserted_on=now,
            expires_on=now + timedelta(days=7),
            next_visible_on=now,
        )
        value = trigger_value(text.encode(), metadata, as_text=self._trigger.as_text)
        await self._runner.run(self._function, value)

    async def _poll(self) -> None:
        while not self._stopping:
            self._wake.clear()
            if len(self._messages) > self._options.new_batch_threshold:
                await self._wake.wait()
                continue
            messages = await self._receive()
            for message in messages:
                task = asyncio.create_task(self._handle(message))
                self._messages.add(task)
                task.add_done_callback(self._handled)
            if messages:
                self._backoff.reset()
            elif not self._stopping:
                await self._wait(self._backoff.next_wait())

    async def _wait(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._wake.wait(), seconds)
        except TimeoutError:
            return  # nothing woke us: time for the next poll

    def _handled(self, task: asyncio.Task[None]) -> None:
        self._messages.discard(task)
        if error := task.exception():
            logger.error("%s: a message could not be handled", self._function.name, exc_info=error)
        if len(self._messages) == self._options.new_batch_threshold:
            self._wake.set()

    async def _receive(self) -> list[QueueMessage]:
        try:
            messages = await self._queue.receive(self._options.batch_size, self._lease_seconds)
        except AzureError as error:
            self._health.failed(error)
            return []
        except Exception:
            # A listener must outlive whatever a broken answer raises in the client.
            logger.exception("%s: polling %s failed", self._function.name, self.queue_name)
            return []
        self._health.answered()
        return messages

    async def _handle(self, message: QueueMessage) -> None:
        if (message.dequeue_count or 0) > self._options.max_dequeue_count:
            await self._to_poison(message, str(message.pop_receipt), "it was tried too often")
            return
        body = decode_body(message.content, is_base64=self._options.base64)
        if body is None:
            await self._to_poison(message, str(message.pop_receipt), "it is not base64")
            return
        lease = MessageLease(str(message.pop_receipt), self._lease_seconds, self._renewal(message))
        try:
            succeeded = await self._run(message, body)
        finally:
            pop_receipt = await lease.release()
        await self._complete(message, pop_receipt, succeeded=succeeded)

    def _renewal(self, message: QueueMessage) -> Callable[[str], Awaitable[str]]:
        return lambda pop_receipt: self._queue.hide(message.id, pop_receipt, self._lease_seconds)

    async def _run(self, message: QueueMessage, body: bytes) -> bool:
        try:
            await self._runner.run(self._function, self._value(message, body))
        except FunctionFailedError:
            return False
        except Exception:
            logger.exception("%s: message %s failed outside the function", self._function.name, message.id)
            return False
        return True

    def _value(self, message: QueueMessage, body: bytes) -> object:
        now = datetime.now(UTC)
        metadata = queue_metadata(
            message_id=message.id,
            pop_receipt=str(message.pop_receipt),
            dequeue_count=message.dequeue_count or 1,
            inserted_on=message.inserted_on or now,
            expires_on=message.expires_on or now,
            next_visible_on=message.next_visible_on or now,
        )
        return trigger_value(body, metadata, as_text=self._trigger.as_text)

    async def _complete(self, message: QueueMessage, pop_receipt: str, *, succeeded: bool) -> None:
        if succeeded:
            await self._storage_call("delete", lambda: self._queue.delete(message.id, pop_receipt))
        elif self._poison is None:
            return  # hidden for the rest of its lease, so that it does not fail in a fast circle
        elif (message.dequeue_count or 0) >= self._options.max_dequeue_count:
            await self._to_poison(message, pop_receipt, "it failed on every try")
        else:
            delay = self._options.visibility_timeout
            await self._storage_call("release", lambda: self._queue.hide(message.id, pop_receipt, delay))

    async def _to_poison(self, message: QueueMessage, pop_receipt: str, reason: str) -> None:
        poison = self._poison
        if poison is None:
            logger.error(
                "%s: message %s stays in %s: %s", self._function.name, message.id, self.queue_name, reason
            )
            return
        logger.error("%s: message %s goes to %s: %s", self._function.name, message.id, poison.name, reason)
        if await self._storage_call("send to poison", lambda: poison.send(message.content)):
            self._runner.wake(poison.name)
            await self._storage_call("delete", lambda: self._queue.delete(message.id, pop_receipt))

    async def _storage_call(self, what: str, call: Callable[[], Awaitable[object]]) -> bool:
        """Whether the call got through, or was no longer needed. The message comes back if it did not."""
        for wait in (*_COMPLETION_RETRIES, None):
            try:
                await call()
            except AzureError as error:
                if is_lost_message(error):
                    return False
                self._health.failed(error)
                if wait is None:
                    logger.exception("%s: %s of a message failed", self._function.name, what)
                    return False
                await asyncio.sleep(wait)
            else:
                self._health.answered()
                return True
        return False
