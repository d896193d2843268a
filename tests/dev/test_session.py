"""How processes that run side by side in one terminal start and end, told by stand-ins."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.support.eventually import eventually
from tests.support.process import ROOT

pytestmark = pytest.mark.skipif(os.name == "nt", reason="POSIX signals")

# Runs the given Python programs as services `a`, `b`, ... that are ready at once, or never.
SESSION = """
import sys
from local.up.child import ChildEndedError
from local.up.session import Service, Session, StoppedError
ready = sys.argv[1] == "ready"
programs = zip("abc", sys.argv[2:])
services = [Service(name, [sys.executable, "-c", code], lambda: ready) for name, code in programs]
with Session() as session:
    try:
        for service in services:
            session.start(service)
            session.wait_until_ready(service)
        session.wait()
    except StoppedError:
        print("stopped", flush=True)
    except ChildEndedError as error:
        print(error, flush=True)
"""
SAYS_WHEN_ENDED = """
import signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: sys.exit(print("ended", flush=True)))
print("up", flush=True)
time.sleep(600)
"""
STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, lambda *_: print("no", flush=True))
print("up", flush=True)
while True: time.sleep(600)
"""
DIES = """
print("INFO fine")
print("OSError: the disk is full")
print("INFO bye", flush=True)
raise SystemExit(3)
"""


class Terminal:
    """A session in a process of its own."""

    def __init__(self, log: Path, *programs: str, ready: str = "ready") -> None:
        self._log = log
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-c", SESSION, ready, *programs], cwd=ROOT, stdout=output
            )

    def shows(self, text: str) -> None:
        """Wait until it shows that line."""
        eventually(self.output, lambda shown: f"{text}\n" in shown, within=10, what=f"the line {text!r}")

    def output(self) -> str:
        """Everything shown so far."""
        return self._log.read_text()

    def ends(self, within: float = 10) -> list[str]:
        """Wait for its end; what it showed. Nothing that it started may be left."""
        self.process.wait(within)
        assert self.left() == []
        return self.output().splitlines()

    def remember(self) -> None:
        """Take note of every process below it."""
        self._below = psutil.Process(self.process.pid).children(recursive=True)

    def left(self) -> list[psutil.Process]:
        """Those of them that still run."""
        return [p for p in self._below if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]


@pytest.mark.parametrize("asked_by", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_all_in_reverse_order(tmp_path: Path, asked_by: signal.Signals) -> None:
    """What was started last ends first, since it needs the others to end well."""
    terminal = Terminal(tmp_path / "log", SAYS_WHEN_ENDED, SAYS_WHEN_ENDED)
    terminal.shows("a       | up")
    terminal.shows("b       | up")
    terminal.remember()
    terminal.process.send_signal(asked_by)
    assert terminal.ends()[2:] == ["stopped", "b       | ended", "a       | ended"]
    assert terminal.process.returncode == 0


def test_a_second_signal_ends_all_at_once(tmp_path: Path) -> None:
    """For a service that does not end; without it the grace time is 10 seconds."""
    terminal = Terminal(tmp_path / "log", STUBBORN)
    terminal.shows("a       | up")
    terminal.remember()
    terminal.process.send_signal(signal.SIGINT)
    terminal.shows("a       | no")
    terminal.process.send_signal(signal.SIGINT)
    terminal.ends(within=5)


def test_a_service_that_dies_takes_the_others_along(tmp_path: Path) -> None:
    """The line names it and what it said last of an error."""
    terminal = Terminal(tmp_path / "log", SAYS_WHEN_ENDED, f"import time; time.sleep(1)\n{DIES}")
    terminal.shows("a       | up")
    terminal.remember()
    shown = terminal.ends()
    assert "b ended with exit code 3: OSError: the disk is full" in shown
    assert shown[-1] == "a       | ended"


def test_a_service_that_dies_before_it_answers_tells_why(tmp_path: Path) -> None:
    """As the app does where a setting is wrong."""
    terminal = Terminal(tmp_path / "log", DIES, ready="never")
    terminal.remember()
    assert terminal.ends()[-1] == "a ended with exit code 3: OSError: the disk is full"


def test_a_killed_session_leaves_nothing(tmp_path: Path) -> None:
    """SIGKILL cannot be handled; its children notice."""
    terminal = Terminal(tmp_path / "log", SAYS_WHEN_ENDED, SAYS_WHEN_ENDED)
    terminal.shows("a       | up")
    terminal.shows("b       | up")
    terminal.remember()
    terminal.process.kill()
    terminal.process.wait()
    eventually(terminal.left, lambda left: not left, within=10, what="the end of every child")


def test_output_that_nobody_reads_ends_the_session() -> None:
    """As after `dev.py up | head`."""
    process = subprocess.Popen(
        [sys.executable, "-c", SESSION, "ready", "while True: print('line', flush=True)"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
    )
    assert process.stdout
    assert process.stdout.readline() == b"a       | line\n"
    process.stdout.close()
    process.wait(10)
