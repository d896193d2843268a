"""The addresses under /admin: run a function by hand, ask for the state, drain.

azure-functions-host, Controllers/FunctionsController.cs and HostController.cs. The caller's key is checked
before. Only HTTP functions cannot be run here: call them.
"""

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from local.host.http_messages import Answer
from local.host.invocation import FunctionFailedError

logger = logging.getLogger("host.admin")

_JSON = (("content-type", "application/json; charset=utf-8"),)

# Runs a function on the text of `input`.
HandRun = Callable[[str], Awaitable[None]]


class DrainControl(Protocol):
    """What /admin/host/drain acts on."""

    @property
    def drain_state(self) -> str:
        """Disabled, InProgress or Completed."""

    @property
    def running(self) -> int:
        """How many invocations run."""

    def drain(self) -> None:
        """Stop polling and timers; what runs goes on, and HTTP too."""


class Admin:
    """`hand_runs` holds queue and timer functions under their lower-case names."""

    def __init__(self, host_id: str, hand_runs: Mapping[str, HandRun], control: DrainControl) -> None:
        self._host_id = host_id
        self._hand_runs = hand_runs
        self._control = control
        self._started = time.monotonic()
        self._tasks: set[asyncio.Task[None]] = set()

    async def answer(self, method: str, path: str, body: bytes) -> Answer:
        match method, path.lower().split("/"):
            case "POST", ["admin", "functions", name]:
                return self._run(name, body)
            case "GET", ["admin", "host", "status"]:
                return self._status()
            case "POST", ["admin", "host", "ping"]:
                return Answer(200)
            case "POST", ["admin", "host", "drain"]:
                self._control.drain()
                return Answer(202)
            case "GET", ["admin", "host", "drain", "status"]:
                running = self._control.running
                return _json({"state": self._control.drain_state, "outstandingInvocations": running})
        return Answer(404)

    def _run(self, name: str, body: bytes) -> Answer:
        hand_run = self._hand_runs.get(name)
        if hand_run is None:
            return Answer(404)
        try:
            content = json.loads(body)
        except ValueError:
            return Answer(400)
        if not isinstance(content, dict):
            return Answer(400)
        given = content.get("input", "")
        text = given if isinstance(given, str) else json.dumps(given)
        task = asyncio.create_task(self._guarded(name, hand_run(text)))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return Answer(202)

    @staticmethod
    async def _guarded(name: str, run: Awaitable[None]) -> None:
        try:
            await run
        except FunctionFailedError:
            return  # in the log already
        except Exception:
            logger.exception("%s, started by hand, failed outside the function", name)

    def _status(self) -> Answer:
        uptime = round((time.monotonic() - self._started) * 1000)
        return _json({"id": self._host_id, "state": "Running", "version": "local", "processUptime": uptime})


def _json(content: object) -> Answer:
    return Answer(200, _JSON, json.dumps(content).encode())
