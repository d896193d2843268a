"""Run one command, and end it when whoever started this guard goes away.

`python guard.py GRACE_SECONDS COMMAND...`: the guard starts the command and reads its own standard input, a
pipe whose other end the starter holds. When that pipe closes, because the starter closed it or was killed
(even by SIGKILL), the command is asked to end, and killed after the grace time. A line `end` in the pipe does
the same, a line `kill` kills at once. The guard ends with the command and its status (128 + n: signal n).

A pipe is the one means that works alike on Linux, macOS and Windows with the standard library alone.
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from types import FrameType

COULD_NOT_START = 127


def start(command: list[str]) -> subprocess.Popen[bytes]:
    """Start the command, on POSIX in a process group of its own, so that its children can be killed too."""
    if sys.platform == "win32":
        return subprocess.Popen(command, stdin=subprocess.DEVNULL)
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, process_group=0)


def ask_to_end(child: subprocess.Popen[bytes]) -> None:
    """SIGTERM; on Windows Ctrl-Break to the guard's process group, which Python and Node.js can handle."""
    if sys.platform == "win32":
        os.kill(os.getpid(), signal.CTRL_BREAK_EVENT)
    else:
        child.terminate()


def kill(child: subprocess.Popen[bytes]) -> None:
    """Kill the command and, on POSIX, what is left of its process group."""
    if sys.platform == "win32":
        child.kill()
    else:
        with contextlib.suppress(ProcessLookupError, PermissionError):  # nobody is left in the group
            os.killpg(child.pid, signal.SIGKILL)


def end_with(child: subprocess.Popen[bytes]) -> None:
    """Wait for the command, sweep up its process group and leave with its status."""
    status = child.wait()
    kill(child)
    if status < 0:
        os._exit(128 - status)
    os._exit(min(status, 255))  # Windows has larger ones, which os._exit refuses


class Ending:
    """The one polite end of a command: it is asked once, since a second signal often means `at once`."""

    def __init__(self, child: subprocess.Popen[bytes], grace: float) -> None:
        self._child = child
        self._timer = threading.Timer(grace, kill, [child])
        self._timer.daemon = True
        self._asked = False

    def begin(self) -> None:
        """Ask the command to end, and kill it after the grace time."""
        if not self._asked:
            self._asked = True
            ask_to_end(self._child)
            self._timer.start()


def obey(child: subprocess.Popen[bytes], ending: Ending) -> None:
    """Carry out the orders `end` and `kill`; the pipe's closing means `end`."""
    for order in sys.stdin.buffer:
        if order.strip() == b"kill":
            kill(child)
        else:
            ending.begin()
    ending.begin()


def main() -> None:
    """Start the command and look after it; does not return."""
    grace, command = float(sys.argv[1]), sys.argv[2:]
    try:
        child = start(command)
    except OSError as error:
        print(f"cannot start {command[0]}: {error.strerror}", file=sys.stderr, flush=True)
        sys.exit(COULD_NOT_START)
    ending = Ending(child, grace)

    def on_terminate(_signal: int, _frame: FrameType | None) -> None:
        ending.begin()

    def on_interrupt(_signal: int, _frame: FrameType | None) -> None:
        """Nothing: a Ctrl-C is the starter's business, and our own Ctrl-Break is meant for the command."""

    signal.signal(signal.SIGTERM, on_terminate)
    signal.signal(signal.SIGINT, on_interrupt)
    if sys.platform == "win32":
        signal.signal(signal.SIGBREAK, on_interrupt)
    reaper = threading.Thread(target=end_with, args=(child,))
    reaper.start()
    obey(child, ending)
    reaper.join()


if __name__ == "__main__":
    main()
