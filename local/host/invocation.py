"""Runs functions: `async def` on the event loop, plain `def` in the pool of threads."""

import asyncio
import contextvars
import logging
import os
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any

from local.host.functions import Function
from local.host.logs import current_invocation

logger = logging.getLogger("host.invocation")


class FunctionFailedError(Exception):
    """A function raised; its exception is the cause and is in the log already."""


class InvocationContext:
    """What a parameter named `context` gets."""

    def __init__(self, function_name: str, directory: str, invocation_id: str) -> None:
        self._function_name = function_name
        self._directory = directory
        self._invocation_id = invocation_id
        self._thread_local_storage = threading.local()

    @property
    def invocation_id(self) -> str:
        return self._invocation_id

    @property
    def thread_local_storage(self) -> threading.local:
        return self._thread_local_storage

    @property
    def function_name(self) -> str:
        return self._function_name

    @property
    def function_directory(self) -> str:
        return self._directory

    @property
    def trace_context(self) -> None:
        """None: nothing traces a local run."""

    @property
    def retry_context(self) -> None:
        """None: the local host runs no retry policy."""


class Output:
    """What an out parameter gets; a value never set is None and sends nothing."""

    def __init__(self) -> None:
        self._value: Any = None

    def set(self, val: Any) -> None:
        self._value = val

    def get(self) -> Any:
        return self._value


class Invoker:
    """Calls functions and keeps count of what runs.

    `timeout` is functionTimeout in seconds, counted from dispatch, so that waiting for a thread counts. Azure
    kills the worker process then; a thread cannot be killed, so `on_timeout` must end this process.
    """

    def __init__(
        self, app_dir: Path, thread_count: int | None, timeout: float | None, on_timeout: Callable[[], None]
    ) -> None:
        threads = thread_count or min(32, (os.cpu_count() or 1) + 4)
        self.pool = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="function")
        self._directory = str(app_dir)
        self._timeout = timeout
        self._on_timeout = on_timeout
        self._running = 0
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def running(self) -> int:
        return self._running

    async def wait_idle(self) -> None:
        await self._idle.wait()

    async def call(self, function: Function, value: Any, outputs: Mapping[str, Output]) -> Any:
        """Run the function on the trigger's value and return its result; raises FunctionFailedError."""
        invocation_id = str(uuid.uuid4())
        arguments: dict[str, Any] = {function.arg_name: value, **outputs}
        if function.wants_context:
            arguments["context"] = InvocationContext(function.name, self._directory, invocation_id)
        token = current_invocation.set(f"{function.name} {invocation_id[:8]}")
        loop = asyncio.get_running_loop()
        watch = loop.call_later(self._timeout, self._timed_out, function.name) if self._timeout else None
        self._running += 1
        self._idle.clear()
        started = time.perf_counter()
        try:
            result = await self._run(loop, function, arguments)
        except Exception as error:
            trace = (type(error), error, _trace_in_app(error, function))
            logger.exception("Executed (Failed, %d ms)", _milliseconds_since(started), exc_info=trace)
            raise FunctionFailedError(function.name) from error
        else:
            logger.info("Executed (Succeeded, %d ms)", _milliseconds_since(started))
            return result
        finally:
            if watch is not None:
                watch.cancel()
            self._running -= 1
            if not self._running:
                self._idle.set()
            current_invocation.reset(token)

    async def _run(
        self, loop: asyncio.AbstractEventLoop, function: Function, arguments: dict[str, Any]
    ) -> Any:
        if function.is_async:
            return await function.call(**arguments)
        context = contextvars.copy_context()
        return await loop.run_in_executor(self.pool, lambda: context.run(function.call, **arguments))

    def _timed_out(self, function_name: str) -> None:
        logger.critical(
            "functionTimeout: %s has run for %g s; the process ends", function_name, self._timeout
        )
        self._on_timeout()


def _milliseconds_since(started: float) -> float:
    return (time.perf_counter() - started) * 1000


def _trace_in_app(error: Exception, function: Function) -> TracebackType | None:
    """The trace from the function's own frame on: the host's frames above it help nobody."""
    frame = error.__traceback__
    while frame is not None and frame.tb_frame.f_code is not getattr(function.call, "__code__", None):
        frame = frame.tb_next
    return frame or error.__traceback__
