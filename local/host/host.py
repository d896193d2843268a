"""Wires the host together and gives it a start and an end."""

import asyncio
import logging
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from local.host.admin import Admin, HandRun
from local.host.auth_pages import AuthPages
from local.host.connections import StorageConnections
from local.host.easy_auth import Person
from local.host.functions import Function, QueueOutput, QueueTrigger, TimerTrigger
from local.host.host_blobs import HostBlobs
from local.host.host_json import HostJson
from local.host.http_app import HttpApp
from local.host.invocation import Invoker
from local.host.keys import Keys
from local.host.output_bindings import FunctionRunner
from local.host.queue_client import HostQueue, poison_queue_name
from local.host.queue_listener import QueueListener
from local.host.settings import HostSettings
from local.host.storage_health import StorageHealth
from local.host.timer_listener import TimerListener

logger = logging.getLogger("host")

TIMEOUT_EXIT_CODE = 3
# Enough for every listener to poll while leases are renewed; threads are only made when they are needed.
_STORAGE_THREADS = 12


class Host:
    """An app that runs. Must be made inside the event loop."""

    def __init__(
        self,
        functions: Sequence[Function],
        app_dir: Path,
        settings: HostSettings,
        host_json: HostJson,
        local_user: Person | None,
    ) -> None:
        self._settings = settings
        self._options = host_json.queues
        self._storage = StorageConnections()
        self._storage_threads = ThreadPoolExecutor(_STORAGE_THREADS, thread_name_prefix="storage")
        self._queue_health = StorageHealth("queue storage")
        self._invoker = Invoker(app_dir, settings.thread_count, host_json.function_timeout, _end_for_timeout)
        self._runner = FunctionRunner(
            self._invoker, self._queue_of, self._wake, is_base64=self._options.base64
        )
        self._queues: dict[str, QueueListener] = {}
        self._timers: dict[str, TimerListener] = {}
        self._disabled = {function.name for function in functions if function.disabled}
        self._make_listeners(functions)
        self._draining: asyncio.Task[None] | None = None
        self.http = HttpApp(
            functions,
            self._runner,
            Keys(settings.function_key, settings.master_key),
            Admin(settings.host_id, self._hand_runs(), self),
            AuthPages(local_user) if local_user else None,
            body_limit=settings.body_size_limit,
            custom_headers=host_json.http.custom_headers,
            homepage_disabled=settings.homepage_disabled,
        )

    def start(self) -> None:
        """Begin polling and the timers, but for disabled functions."""
        for name, queue in self._queues.items():
            if name not in self._disabled:
                queue.start()
        for name, timer in self._timers.items():
            if name not in self._disabled:
                timer.start()

    async def stop(self) -> bool:
        """Refuse HTTP, stop polling and timers, wait for what runs; whether all of it ended in time.

        Unfinished messages are left as they are: they come back when their lease ends."""
        self.http.stopping = True
        try:
            async with asyncio.timeout(self._settings.shutdown_seconds):
                await self._stop_listeners()
                await self._invoker.wait_idle()
        except TimeoutError:
            logger.warning("%d invocations were still running at the end", self._invoker.running)
            return False
        return True

    def drain(self) -> None:
        """Stop polling and timers; HTTP and what runs go on."""
        if self._draining is None:
            logger.info("Drain mode: polling and timers stop")
            self._draining = asyncio.create_task(self._stop_listeners())

    @property
    def drain_state(self) -> str:
        if self._draining is None:
            return "Disabled"
        return "Completed" if self._draining.done() and not self._invoker.running else "InProgress"

    @property
    def running(self) -> int:
        return self._invoker.running

    async def _stop_listeners(self) -> None:
        await asyncio.gather(
            *(listener.stop() for listener in self._queues.values()),
            *(listener.stop() for listener in self._timers.values()),
        )
        await asyncio.gather(*(listener.wait_idle() for listener in self._queues.values()))

    def _make_listeners(self, functions: Sequence[Function]) -> None:
        blobs: HostBlobs | None = None
        blob_health = StorageHealth("blob storage")
        for function in functions:
            if isinstance(function.trigger, QueueTrigger):
                self._queues[function.name] = self._queue_listener(function, function.trigger)
            elif isinstance(function.trigger, TimerTrigger):
                if blobs is None:
                    service = self._storage.blob_service()
                    blobs = HostBlobs(service, self._settings.host_id, self._storage_threads)
                self._timers[function.name] = TimerListener(
                    function, function.trigger, blobs, self._runner, blob_health
                )

    def _queue_listener(self, function: Function, trigger: QueueTrigger) -> QueueListener:
        service = self._storage.queue_service(trigger.connection)
        poison = poison_queue_name(trigger.queue_name)
        return QueueListener(
            function,
            trigger,
            HostQueue(service, trigger.queue_name, self._storage_threads),
            HostQueue(service, poison, self._storage_threads) if poison else None,
            self._options,
            self._settings.queue_lease_seconds,
            self._runner,
            self._queue_health,
        )

    def _hand_runs(self) -> dict[str, HandRun]:
        runs: dict[str, HandRun] = {}
        for name, listener in self._queues.items():
            runs[name.lower()] = listener.run_by_hand
        for name, timer in self._timers.items():
            runs[name.lower()] = partial(_run_timer, timer)
        return runs

    def _queue_of(self, output: QueueOutput) -> HostQueue:
        return HostQueue(
            self._storage.queue_service(output.connection), output.queue_name, self._storage_threads
        )

    def _wake(self, queue_name: str) -> None:
        for listener in self._queues.values():
            if listener.queue_name == queue_name:
                listener.wake()


async def _run_timer(timer: TimerListener, _input: str) -> None:
    await timer.run_by_hand()


def _end_for_timeout() -> None:
    logging.shutdown()
    os._exit(TIMEOUT_EXIT_CODE)
