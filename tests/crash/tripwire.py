"""Runs inside a host under test: ends it, as a power cut would, at a chosen call of a chosen method.

The product knows nothing of this. The host is started on an app folder whose `function_app.py` sets the wires and
then loads the real app. Orders come in the file that `CRASH_ORDERS` names, so that one host serves many tests:

    {"point": "JobStore.save_chunk", "call": 1, "when": "after", "except": ["<id of a job>"]}

The file is taken away as the wire goes off, so the host that is started next finds none and lives. Counting begins
with the order, and leaves out what is done for the jobs under `except`. `when` is `before` or `after`.
"""

import json
import os
import threading
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from pathlib import Path
from typing import Any

from shared.graph.users import Users
from shared.jobs import chunk, watch
from shared.ledger import Ledger
from shared.pacing import WritePacer
from shared.storage.job_index import JobIndex
from shared.storage.job_store import JobStore
from shared.storage.queues import WorkQueues
from shared.storage.work_store import WorkStore

WIRED: dict[type, tuple[str, ...]] = {
    JobStore: ("create", "save", "save_group", "save_page", "create_chunks", "save_chunk"),
    JobIndex: ("put",),
    WorkStore: ("set_due", "clear_due", "claim", "release"),
    WorkQueues: ("send",),
    WritePacer: ("reserve", "settle"),
    Users: ("read_users", "set_usage_locations", "assign_licenses"),
    Ledger: ("prepare", "carry_out"),
}
KILLED = 9


class Tripwire:
    """Counts the calls since the order was placed."""

    def __init__(self, orders: Path) -> None:
        self._orders = orders
        self._lock = threading.Lock()
        self._order: dict[str, Any] = {}
        self._seen = 0

    def is_due(self, point: str, arguments: object) -> str | None:
        """`when` of the order, if this call is the one."""
        try:
            text = self._orders.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        order = json.loads(text)
        if order["point"] != point or any(job_id in repr(arguments) for job_id in order["except"]):
            return None
        with self._lock:
            if order != self._order:
                self._order, self._seen = order, 0
            self._seen += 1
            return str(order["when"]) if self._seen == order["call"] else None

    def go_off(self) -> None:
        """End the process, without a goodbye."""
        self._orders.unlink()
        os._exit(KILLED)


def _wired(tripwire: Tripwire, point: str, method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def call(*args: Any, **options: Any) -> Any:
        when = tripwire.is_due(point, args[1:])
        if when == "before":
            tripwire.go_off()
        result = method(*args, **options)
        if when == "after":
            tripwire.go_off()
        return result

    return call


def _sent_twice_and_noted(send: Callable[..., None]) -> Callable[..., None]:
    """Every message is noted in the file of `CRASH_MESSAGES`, and posted twice where `CRASH_TWICE` is set."""
    notes, twice = os.environ.get("CRASH_MESSAGES"), bool(os.environ.get("CRASH_TWICE"))

    def send_text(queues: WorkQueues, queue: str, text: str, delay_seconds: float = 0) -> None:
        if notes:
            with Path(notes).open("a", encoding="utf-8") as file:
                file.write(json.dumps([queue, text]) + "\n")
        for _ in range(2 if twice else 1):
            send(queues, queue, text, delay_seconds)

    return send_text


def set_up() -> None:
    """Set the wires, and let the watchdog look more often than a person would bear."""
    setattr(WorkQueues, "send_text", _sent_twice_and_noted(WorkQueues.send_text))  # noqa: B010 - mypy forbids it else
    tripwire = Tripwire(Path(os.environ["CRASH_ORDERS"]))
    for cls, names in WIRED.items():
        for name in names:
            setattr(cls, name, _wired(tripwire, f"{cls.__name__}.{name}", getattr(cls, name)))
    watch.INTERVAL = timedelta(seconds=3)
    watch.TURN_SECONDS = 1
    watch.STILL = timedelta(seconds=3)
    chunk.RETRY_GRACE = timedelta(seconds=2)
