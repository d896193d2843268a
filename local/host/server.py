"""Serves HTTP and turns signals into an orderly end."""

import asyncio
import logging
import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

from local.host.errors import HostStartError
from local.host.host import Host
from local.host.settings import LocalSettings

logger = logging.getLogger("host")

# The listening socket closes this long (seconds) after the last answer is due.
_SERVER_GRACE = 1
# An idle connection stays open this long (seconds), as the front end of Azure keeps it; uvicorn's own 5 seconds
# close connections that a client is just about to use.
_KEEP_ALIVE = 240
_SECOND_SIGNAL_EXIT_CODE = 130


def listen(address: str, port: int) -> socket.socket:
    """A listening socket: from now on requests wait until the app is there. Raises HostStartError."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    if os.name == "posix":
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((address, port))
        listener.listen(2048)
    except OSError as error:
        listener.close()
        raise HostStartError([f"cannot listen on {address}:{port}: {error.strerror or error}"]) from None
    return listener


class _Server(uvicorn.Server):
    """uvicorn without its own signal handling, which tells once it serves."""

    def __init__(self, config: uvicorn.Config, on_serving: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_serving = on_serving

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_serving()


async def serve(host: Host, listener: socket.socket, settings: LocalSettings) -> None:
    """Run until SIGTERM or Ctrl-C. Ends the process itself where something does not come to its end."""

    def on_serving() -> None:
        host.start()
        print(f"Ready: {_url(listener)}", flush=True)

    ending = _ending_on_signals()
    server = _Server(_config(host, settings), on_serving)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    told_to_end = asyncio.create_task(ending.wait())
    await asyncio.wait({serving, told_to_end}, return_when=asyncio.FIRST_COMPLETED)
    if serving.done():
        raise HostStartError(["the HTTP server ended by itself"]) from serving.exception()
    logger.info("Ending: waiting for what runs")
    if not await host.stop():
        # Closing the loop would raise CancelledError inside what still runs; on Azure it is just killed.
        logging.shutdown()
        os._exit(0)
    server.should_exit = True
    await serving


def _url(listener: socket.socket) -> str:
    address, port = listener.getsockname()[:2]
    return f"http://{f'[{address}]' if ':' in address else address}:{port}/"


def _config(host: Host, settings: LocalSettings) -> uvicorn.Config:
    app: ASGIApp = host.http
    if settings.cors:
        from starlette.middleware.cors import CORSMiddleware

        app = CORSMiddleware(
            app,
            allow_origins=settings.cors,
            allow_methods=["*"],
            allow_headers=["*"],
            allow_credentials=settings.cors_credentials,
        )
    return uvicorn.Config(
        app,
        http="httptools",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=_SERVER_GRACE,
        timeout_keep_alive=_KEEP_ALIVE,
    )


def _ending_on_signals() -> asyncio.Event:
    """An event that the first signal sets; the second ends the process at once."""
    ending = asyncio.Event()
    loop = asyncio.get_running_loop()

    def handle(_number: int, _frame: FrameType | None) -> None:
        if ending.is_set():
            os._exit(_SECOND_SIGNAL_EXIT_CODE)
        loop.call_soon_threadsafe(ending.set)

    for name in ("SIGINT", "SIGTERM", "SIGBREAK"):  # the last: Ctrl-Break, on Windows only
        if number := getattr(signal, name, None):
            signal.signal(number, handle)
    return ending
