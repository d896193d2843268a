"""A process that never outlives the one that started it, whichever way that one ends."""

import contextlib
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

GUARD = Path(__file__).with_name("guard.py")
KILL_AFTER_SECONDS = 5.0


class ChildEndedError(Exception):
    """The process ended, or did not become ready, while its starter still needed it."""


class Child:
    """One command under its own guard (see `guard.py`), its standard output and error as one stream.

    `output` is an open file for that stream; without one it can be read from `lines`. `grace` is how many
    seconds the command has to end by itself once it was asked to. On POSIX the guard leads a session of its
    own, so a Ctrl-C at the terminal reaches the starter alone. `held_open` are file descriptors, such as that
    of a lock, that stay open until the guard has ended (POSIX only).
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        output: IO[bytes] | None = None,
        grace: float = 10.0,
        held_open: Sequence[int] = (),
    ) -> None:
        self.name = name
        self.grace = grace
        posix = sys.platform != "win32"
        self._guard = subprocess.Popen(
            # -I -S: neither site-packages nor the caller's PYTHON* variables matter to the guard
            [sys.executable, "-I", "-S", str(GUARD), str(grace), *map(str, command)],
            stdin=subprocess.PIPE,
            stdout=output or subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=None if env is None else dict(env),
            cwd=cwd,
            start_new_session=posix,
            pass_fds=tuple(held_open) if posix else (),
            creationflags=0 if posix else getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )

    @property
    def guard_pid(self) -> int:
        """Process id of the guard; the command is its only child."""
        return self._guard.pid

    @property
    def lines(self) -> IO[bytes]:
        """The output of a child that was started without a file for it."""
        if self._guard.stdout is None:
            raise ValueError(f"the output of {self.name} goes to a file")
        return self._guard.stdout

    @property
    def status(self) -> int | None:
        """Exit status, None while it runs; 128 + n where signal n ended it."""
        return self._guard.poll()

    def ask_to_end(self) -> None:
        """Let it end by itself; it is killed after the grace time. Returns at once."""
        self._order(b"end\n")

    def end(self) -> int:
        """Let it end by itself, kill it after the grace time, and return its exit status."""
        self.ask_to_end()
        return self._wait(self.grace + KILL_AFTER_SECONDS)

    def kill(self) -> int:
        """End it at once, as a power cut would, and return its exit status."""
        self._order(b"kill\n")
        return self._wait(KILL_AFTER_SECONDS)

    def _order(self, order: bytes) -> None:
        with contextlib.suppress(OSError, ValueError):  # the guard has ended, or its pipe was closed with it
            if self._guard.stdin:
                self._guard.stdin.write(order)
                self._guard.stdin.flush()

    def _wait(self, seconds: float) -> int:
        try:
            return self._guard.wait(seconds)
        except subprocess.TimeoutExpired:
            self._guard.kill()
            return self._guard.wait()
        finally:
            with contextlib.suppress(OSError):  # an order that the guard never read
                if self._guard.stdin:
                    self._guard.stdin.close()

    def wait_until(self, ready: Callable[[], bool], seconds: float) -> None:
        """Wait until `ready` holds; raises `ChildEndedError` if the process ends first or `seconds` pass."""
        deadline = time.monotonic() + seconds
        while not ready():
            if self.status is not None:
                raise ChildEndedError(f"{self.name} ended with exit code {self.status}")
            if time.monotonic() > deadline:
                raise ChildEndedError(f"{self.name} did not answer within {seconds:.0f} seconds")
            time.sleep(0.05)
        if self.status is not None:  # somebody else answered
            raise ChildEndedError(f"{self.name} ended with exit code {self.status}")
