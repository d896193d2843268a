"""Threads of their own for HTTP, so that nobody waits for an answer behind the work from the queues.

The worker runs plain functions in one pool of threads, the queues' among them, and a chunk of users may take a minute
of one. An `async` function runs on the worker's event loop instead, which hands the request over to this pool.
"""

import asyncio
import contextvars
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor

import azure.functions as func

MAX_REQUESTS = 16
"""Requests answered at once by a process; more wait their turn."""
_THREADS = ThreadPoolExecutor(MAX_REQUESTS, thread_name_prefix="http")

Answering = Callable[[func.HttpRequest], func.HttpResponse]


def in_own_thread(
    answer: Answering,
) -> Callable[[func.HttpRequest, func.Context], Awaitable[func.HttpResponse]]:
    """The function to bind in place of `answer`."""

    async def call(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
        def run() -> func.HttpResponse:
            # The worker files log records by this; it knows its own threads only.
            context.thread_local_storage.invocation_id = context.invocation_id  # type: ignore[attr-defined]
            return answer(req)

        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(_THREADS, contextvars.copy_context().run, run)

    return call
