"""A local HTTP server that answers as a test says: for what no well-meaning Graph would do."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self


@dataclass(frozen=True)
class Seen:
    """A request as it arrived; header names in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    content: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.content)


@dataclass(frozen=True)
class Reply:
    """`content` goes out as it is, `body` as JSON. `drop`: read the request, then end the connection.

    `hang`: keep silent until the server is closed. `cut`: announce more bytes than are sent.
    """

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes | None = None
    drop: bool = False
    hang: bool = False
    cut: bool = False

    @property
    def payload(self) -> bytes:
        if self.content is not None:
            return self.content
        return b"" if self.body is None else json.dumps(self.body).encode()


Script = Callable[[Seen], Reply]


class ScriptedServer:
    """Answers each request by `script` and keeps what it saw."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.seen: list[Seen] = []
        self.closing = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def endpoint(self) -> str:
        return f"{self.origin}/v1.0"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                headers = {name.lower(): value for name, value in self.headers.items()}
                seen = Seen(self.command, self.path, headers, self.rfile.read(length))
                server.seen.append(seen)
                self._send(server.script(seen))

            do_POST = do_PUT = do_PATCH = do_GET  # noqa: N815 - the names that the base class calls

            def _send(self, reply: Reply) -> None:
                if reply.hang:
                    server.closing.wait()
                if reply.drop or reply.hang:
                    self.close_connection = True
                    return
                self.send_response(reply.status)
                for name, value in {"request-id": "scripted", **reply.headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(reply.payload) + (10 if reply.cut else 0)))
                self.end_headers()
                self.wfile.write(reply.payload)
                self.close_connection = self.close_connection or reply.cut

            def log_message(self, format: str, *args: object) -> None:
                """Nothing: the test looks at what was seen."""

        return Handler


def in_turn(*replies: Reply) -> Script:
    """One reply after the other, the last one for good."""
    left = list(replies)
    lock = threading.Lock()

    def script(_seen: Seen) -> Reply:
        with lock:
            return left.pop(0) if len(left) > 1 else left[0]

    return script
