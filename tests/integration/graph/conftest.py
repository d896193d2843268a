"""The client's parts, put together for a scripted server or the simulator."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest

from shared.graph.batch import Batcher
from shared.graph.clouds import authority_host
from shared.graph.credentials import TokenSource
from shared.graph.directory import Directory
from shared.graph.drive import Drive
from shared.graph.settings import GraphSettings
from shared.graph.transport import Transport
from shared.graph.users import Users
from tests.integration.graph.scripted import Script, ScriptedServer
from tests.support.graph import GraphSimulator

PATIENT = 20.0
"""Seconds that an answer may take: none is late because the machine is busy."""
IMPATIENT = 0.5
"""Seconds to wait for an answer that never comes."""


@dataclass(frozen=True)
class Client:
    """What the app puts together, for one endpoint."""

    transport: Transport
    batcher: Batcher
    directory: Directory
    users: Users
    drive: Drive


def connect(endpoint: str, tokens: TokenSource, read_seconds: float = PATIENT) -> Client:
    transport = Transport(endpoint, tokens, read_seconds=read_seconds)
    batcher = Batcher(transport)
    return Client(transport, batcher, Directory(transport, batcher), Users(batcher), Drive(transport))


class _TokenEndpoint:
    """Gives token-1, token-2, … as the identity endpoint of App Service does."""

    def __init__(self) -> None:
        self._issued = 0

    def get(self, _url: str, **_call: object) -> Any:
        self._issued += 1
        return _TokenReply(self._issued)


@dataclass(frozen=True)
class _TokenReply:
    number: int
    status_code: int = 200

    @property
    def text(self) -> str:
        return f'{{"access_token": "token-{self.number}", "expires_on": "{int(time.time()) + 3600}"}}'


@dataclass(frozen=True)
class Scripted:
    """A client and the server that it talks to."""

    client: Client
    tokens: TokenSource
    server: ScriptedServer

    def impatient(self) -> Client:
        """Another client of the server, for silences. Its threads end with the test run."""
        return connect(self.server.endpoint, self.tokens, IMPATIENT)


Start = Callable[[Script], Scripted]


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Starts a scripted server with a patient client of it."""
    monkeypatch.setenv("IDENTITY_ENDPOINT", "http://127.0.0.1:4141/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", "local")
    with ExitStack() as stack:

        def start(script: Script) -> Scripted:
            server = stack.enter_context(ScriptedServer(script))
            settings = GraphSettings(server.endpoint, authority_host(server.endpoint))
            tokens = TokenSource(settings, _TokenEndpoint())
            client = connect(server.endpoint, tokens)
            stack.callback(client.transport.close)
            stack.callback(client.batcher.close)
            return Scripted(client, tokens, server)

        yield start


@pytest.fixture
def client(graph: GraphSimulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    """A client of the simulator, which also gives it its tokens. The tenant is empty."""
    graph.control.reset(tenant="empty")
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{graph.base_url}/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", "local")
    tokens = TokenSource(GraphSettings(graph.endpoint, authority_host(graph.endpoint)))
    made = connect(graph.endpoint, tokens)
    yield made
    made.batcher.close()
    made.transport.close()
