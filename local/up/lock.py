"""A file that one process holds at a time."""

import os
import sys
import time
from pathlib import Path

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl


class FileLock:
    """Held from `try_acquire` or `wait` until the process, or the last that inherited the descriptor, ends.

    The system lets go of it, so that a killed holder leaves nothing to clear up; the file itself stays.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)

    def try_acquire(self) -> bool:
        """Take it if nobody holds it."""
        try:
            if sys.platform == "win32":
                msvcrt.locking(self.descriptor, msvcrt.LK_NBLCK, 1)
            else:
                fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    def wait(self) -> None:
        """Take it as soon as nobody holds it."""
        while not self.try_acquire():
            time.sleep(0.2)

    def release(self) -> None:
        """Let go of it."""
        os.close(self.descriptor)
