"""A process of the system under test: its log in a file, its end in our hands."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import psutil

from local.up.child import Child, ChildEndedError
from tests.support.eventually import eventually

ROOT = Path(__file__).resolve().parents[2]
TAIL_LINES = 60


class ServiceProcess:
    """A command that can be started, ended, killed and started again on the same ports.

    Its output is appended to `log`. It ends with the test run, even if that is killed.
    """

    instances: list["ServiceProcess"] = []  # noqa: RUF012 - on purpose shared: whose log belongs to a failed test

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        ready: Callable[[], bool],
        log: Path,
        *,
        env: Mapping[str, str] | None = None,
        start_seconds: float = 30.0,
    ) -> None:
        self.name = name
        self.command = list(command)
        self.env = dict(env) if env is not None else None
        self.log = log
        self._ready = ready
        self._start_seconds = start_seconds
        self._child: Child | None = None
        self._mark = 0

    def start(self, *, wait: bool = True) -> None:
        """Start it and wait until it answers; raises `ChildEndedError` with its last lines."""
        if self.running:
            raise RuntimeError(f"{self.name} runs already")
        with self.log.open("ab") as output:
            self._child = Child(self.name, self.command, env=self.env, cwd=ROOT, output=output)
        if self not in self.instances:
            self.instances.append(self)
        if wait:
            self.wait_until_ready()

    def wait_until_ready(self) -> None:
        """Wait until it answers; if it does not, end it and raise `ChildEndedError` with its last lines."""
        try:
            self._running().wait_until(self._ready, self._start_seconds)
        except ChildEndedError as error:
            self.stop()
            raise ChildEndedError(f"{error}; its log ends with\n{self.log_tail()}") from error

    @property
    def running(self) -> bool:
        """Whether the process is there."""
        return self._child is not None and self._child.status is None

    @property
    def pid(self) -> int:
        """Process id of the command itself, for measuring it or sending it a signal."""
        guard = psutil.Process(self._running().guard_pid)
        return eventually(guard.children, what=f"the start of {self.name}")[0].pid

    def terminate(self) -> int:
        """Ask it to end (SIGTERM), wait for that, and return the exit status."""
        return self._running().end()

    def kill(self) -> int:
        """End it at once (SIGKILL), as a crash would."""
        return self._running().kill()

    def restart(self) -> None:
        """End it by SIGTERM and start it again; what it keeps in memory is lost."""
        self.terminate()
        self.start()

    def wait_for_end(self, within: float = 15.0) -> int:
        """Wait until it has ended by itself, and return the exit status."""
        child = self._running()
        status = eventually(
            lambda: child.status, lambda s: s is not None, within=within, what=f"end of {self.name}"
        )
        assert status is not None
        return status

    def stop(self) -> None:
        """End it for good, in whatever state it is."""
        if self._child is not None:
            self._child.end()
        if self in self.instances:
            self.instances.remove(self)

    def mark_log(self) -> None:
        """From here on is what `log_since_mark` tells."""
        self._mark = self.log.stat().st_size if self.log.exists() else 0

    def log_since_mark(self) -> str:
        """What it wrote since the mark, or since its first start."""
        with self.log.open("rb") as file:
            file.seek(self._mark)
            return file.read().decode("utf-8", "replace")

    def log_tail(self) -> str:
        """Its last lines since the mark."""
        return "\n".join(self.log_since_mark().splitlines()[-TAIL_LINES:])

    def _running(self) -> Child:
        if self._child is None:
            raise RuntimeError(f"{self.name} was not started")
        return self._child
