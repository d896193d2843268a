"""Processes that run side by side in one terminal, and end together."""

import re
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import FrameType
from typing import Any, NoReturn, Self

from local.up.child import Child, ChildEndedError

READY_SECONDS = 60.0
LOOK_EVERY_SECONDS = 0.2
KEPT_LINES = 200
AT_ONCE = 2  # times asked to end
FAULT = re.compile(r"error|exception|fatal|critical|cannot", re.IGNORECASE)


class StoppedError(Exception):
    """The person at the terminal asked for the end."""


@dataclass(frozen=True)
class Service:
    """What to run, and how to tell that it answers."""

    name: str
    command: Sequence[str]
    ready: Callable[[], bool]
    env: Mapping[str, str] | None = None


class Running:
    """A started service, whose lines are shown and the last of them kept."""

    def __init__(self, child: Child, on_unread: Callable[[], None]) -> None:
        self.child = child
        self.lines: deque[str] = deque(maxlen=KEPT_LINES)
        self._on_unread = on_unread
        self._pump = threading.Thread(target=self._show, daemon=True)
        self._pump.start()

    def _show(self) -> None:
        for raw in self.child.lines:
            line = raw.decode("utf-8", "replace").rstrip()
            self.lines.append(line)
            try:
                sys.stdout.write(f"{self.child.name:<7} | {line}\n")
                sys.stdout.flush()
            except (OSError, ValueError):  # nobody reads us any more
                self._on_unread()  # but read on, so that the service does not block until it is ended

    def wait_for_lines(self) -> None:
        """Wait until everything that an ended service wrote is shown."""
        self._pump.join(LOOK_EVERY_SECONDS)

    def last_fault(self) -> str:
        """The last line that looks like an error, else the last line."""
        lines = [line.strip() for line in self.lines if line.strip()]
        faults = [line for line in lines if FAULT.search(line)]
        return (faults or lines or ["it wrote nothing"])[-1]


class Session:
    """Starts services, shows what they write, and ends them in reverse order.

    Ctrl-C, SIGTERM, a closed terminal and Ctrl-Break ask for the end; a second one of them ends all at once.
    To be used with `with`, in the main thread; leaving the block ends everything.
    """

    def __init__(self, held_open: Sequence[int] = ()) -> None:
        self._held_open = held_open
        self._running: list[Running] = []
        self._asked_to_end = 0  # how often; a plain number, since a signal handler must not wait for a lock
        self._handlers: dict[int, Any] = {}

    def __enter__(self) -> Self:
        for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"):
            number = getattr(signal, name, None)
            if number is not None:
                self._handlers[number] = signal.signal(number, self._on_signal)
        return self

    def __exit__(self, *_exc: object) -> None:
        for running in reversed(self._running):
            self._end(running)
        for number, handler in self._handlers.items():
            signal.signal(number, handler)

    def start(self, service: Service) -> None:
        """Start a service and show its lines from now on."""
        child = Child(service.name, service.command, env=service.env, held_open=self._held_open)
        self._running.append(Running(child, self._on_unread))

    def wait_until_ready(self, service: Service) -> None:
        """Wait for its first answer; raises `ChildEndedError` or, if the end is asked for, `StoppedError`."""
        running = next(r for r in self._running if r.child.name == service.name)

        def ready() -> bool:
            self._look()
            return service.ready()

        try:
            running.child.wait_until(ready, READY_SECONDS)
        except ChildEndedError:
            self._look()  # tells more, if it ended
            raise

    def wait(self) -> NoReturn:
        """Wait until the end is asked for (`StoppedError`) or a service ends (`ChildEndedError`)."""
        while True:
            self._look()
            time.sleep(LOOK_EVERY_SECONDS)

    def _look(self) -> None:
        if self._asked_to_end:
            raise StoppedError
        for running in self._running:
            if running.child.status is not None:
                running.wait_for_lines()
                status, fault = running.child.status, running.last_fault()
                raise ChildEndedError(f"{running.child.name} ended with exit code {status}: {fault}")

    def _end(self, running: Running) -> None:
        running.child.ask_to_end()
        deadline = time.monotonic() + running.child.grace
        while running.child.status is None and self._asked_to_end < AT_ONCE and time.monotonic() < deadline:
            time.sleep(0.02)
        if self._asked_to_end < AT_ONCE:
            running.child.end()
        else:
            running.child.kill()
        running.wait_for_lines()

    def _on_unread(self) -> None:
        self._asked_to_end = max(self._asked_to_end, 1)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._asked_to_end += 1
