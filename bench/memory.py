"""Memory and processor time of processes, looked at from outside."""

import threading
from collections.abc import Sequence
from typing import Self

import psutil

MEBIBYTE = 1024 * 1024
EVERY_SECONDS = 0.1


class Watch:
    """While it is open: the most memory (resident, MiB) that these processes and their children took together."""

    def __init__(self, pids: Sequence[int]) -> None:
        self._processes = [psutil.Process(pid) for pid in pids]
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._cpu_before = self._cpu()
        self._peak = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._done.set()
        self._thread.join()
        self.cpu_seconds = self._cpu() - self._cpu_before

    @property
    def peak_mib(self) -> float:
        return self._peak / MEBIBYTE

    def _look(self) -> None:
        while not self._done.wait(EVERY_SECONDS):
            self._peak = max(self._peak, sum(process.memory_info().rss for process in self._tree()))

    def _tree(self) -> list[psutil.Process]:
        return [member for root in self._processes for member in (root, *root.children(recursive=True))]

    def _cpu(self) -> float:
        times = [process.cpu_times() for process in self._tree()]
        return sum(time.user + time.system for time in times)
