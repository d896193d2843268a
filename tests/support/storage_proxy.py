"""Stands between a host and Azurite and breaks what passes: refused, cut off, answered with the answer lost.

Azurite never fails by itself; Azure Storage does. What happens to a request is drawn from a seeded generator, and
everything that was done is counted.
"""

from __future__ import annotations

import http.client
import random
import re
import socket
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum, unique
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from local.up.azurite import StoragePorts
from local.up.ports import LOOPBACK

_HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length"})
_BUSY_XML = (
    b"<?xml version='1.0'?><Error><Code>ServerBusy</Code><Message>The server is busy.</Message></Error>"
)
_BUSY_JSON = b'{"odata.error":{"code":"ServerBusy","message":{"lang":"en-US","value":"The server is busy."}}}'
_BUSY = {
    "table": ("application/json", _BUSY_JSON),
    "queue": ("application/xml", _BUSY_XML),
    "blob": ("application/xml", _BUSY_XML),
}


@unique
class Fault(StrEnum):
    """`REFUSED` and `BUSY` (503) did nothing; after `LOST` and `CUT` the request was carried out."""

    REFUSED = "refused"
    BUSY = "busy"
    LOST = "lost"
    CUT = "cut"


AFTER_THE_FACT = (Fault.LOST, Fault.CUT)


@dataclass(slots=True)
class Rule:
    """Break requests whose `METHOD /path?query` matches: each with `probability`, at most `times` of them."""

    fault: Fault
    pattern: str = ""
    probability: float = 1.0
    times: int | None = None
    skip: int = 0
    hits: int = 0
    seen: int = 0

    def strikes(self, line: str, rng: random.Random) -> bool:
        """Whether it breaks this request; counts what it saw and broke."""
        if not re.search(self.pattern, line) or (self.times is not None and self.hits >= self.times):
            return False
        self.seen += 1
        if self.seen <= self.skip or rng.random() >= self.probability:
            return False
        self.hits += 1
        return True


class StorageProxy:
    """Three ports in front of Azurite's three. Without rules it passes everything on."""

    def __init__(self, azurite: StoragePorts, seed: int = 1) -> None:
        self.done: Counter[str] = Counter()
        self._rng = random.Random(seed)
        self._lock = threading.Lock()
        self._rules: list[Rule] = []
        self._away = False
        self._servers = {
            service: _Server(self, service, port)
            for service, port in {
                "blob": azurite.blob,
                "queue": azurite.queue,
                "table": azurite.table,
            }.items()
        }
        self.ports = StoragePorts(*(server.server_address[1] for server in self._servers.values()))

    def __enter__(self) -> Self:
        for server in self._servers.values():
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
        return self

    def __exit__(self, *_exc: object) -> None:
        for server in self._servers.values():
            server.shutdown()
            server.server_close()

    @property
    def connection_string(self) -> str:
        """For `AzureWebJobsStorage`."""
        return self.ports.connection_string()

    def break_requests(self, *rules: Rule) -> None:
        """From now on; the first rule that strikes wins."""
        with self._lock:
            self._rules = list(rules)

    def go_away(self) -> None:
        """Refuse everything until `come_back`."""
        self._away = True

    def come_back(self) -> None:
        """Pass requests on again, without rules."""
        self._away = False
        self.break_requests()

    def fault_for(self, line: str) -> Fault | None:
        """What happens to a request."""
        with self._lock:
            fault = Fault.REFUSED if self._away else None
            for rule in self._rules if fault is None else ():
                if rule.strikes(line, self._rng):
                    fault = rule.fault
                    break
            self.done[fault.value if fault else "passed"] += 1
        return fault


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, proxy: StorageProxy, service: str, target: int) -> None:
        super().__init__((LOOPBACK, 0), _Handler)
        self.proxy = proxy
        self.service = service
        self.target = target

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A host that was killed leaves broken connections: nothing to tell."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._upstream = http.client.HTTPConnection(LOOPBACK, self.server.target, timeout=60)

    def finish(self) -> None:
        self._upstream.close()
        super().finish()

    def log_message(self, format: str, *args: Any) -> None:
        """The hosts and Azurite have logs of their own."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):  # whatever the method
            return self._pass_on
        raise AttributeError(name)

    def _pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = self.server.proxy.fault_for(f"{self.command} {self.path}")
        if fault is Fault.REFUSED:
            self._hang_up()
        elif fault is Fault.BUSY:
            kind, content = _BUSY[self.server.service]
            self._answer(503, {"content-type": kind}, content)
        else:
            try:
                status, headers, content = self._ask(body)
            except OSError:
                self._hang_up()
                return
            if fault is None:
                self._answer(status, headers, content)
            else:
                if fault is Fault.CUT:
                    self._cut(status, headers, content)
                self._hang_up()

    def _ask(self, body: bytes) -> tuple[int, Mapping[str, str], bytes]:
        headers = {name: value for name, value in self.headers.items() if name.lower() != "connection"}
        try:
            self._upstream.request(self.command, self.path, body, headers)
        except (http.client.HTTPException, OSError):  # Azurite was restarted; nothing was carried out
            self._upstream.close()
            self._upstream.request(self.command, self.path, body, headers)
        try:
            answer = self._upstream.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        except http.client.HTTPException as error:
            self._upstream.close()
            raise ConnectionResetError from error

    def _answer(self, status: int, headers: Mapping[str, str], content: bytes) -> None:
        self._head(status, headers, len(content))
        if self.command != "HEAD":
            self.wfile.write(content)

    def _cut(self, status: int, headers: Mapping[str, str], content: bytes) -> None:
        """Half of the answer."""
        self._head(status, headers, len(content) or 1)
        self.wfile.write(content[: len(content) // 2])
        self.wfile.flush()

    def _head(self, status: int, headers: Mapping[str, str], length: int) -> None:
        self.send_response_only(status)
        own_length = next(
            (value for name, value in headers.items() if name.lower() == "content-length"), None
        )
        for name, value in headers.items():
            if name.lower() not in _HOP_BY_HOP:
                self.send_header(name, value)
        if status != 204:
            self.send_header(
                "Content-Length", (own_length if self.command == "HEAD" else None) or str(length)
            )
        self.end_headers()

    def _hang_up(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)
