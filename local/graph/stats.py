"""Counts of what was asked and how it was answered."""

from collections import Counter
from typing import Any


class Stats:
    """`reads` and `writes` count Graph requests, alone or in a batch; `httpCalls` counts what came over the wire."""

    def __init__(self) -> None:
        self.running = 0
        self.reset()

    def reset(self) -> None:
        self.http_calls = 0
        self.batches = 0
        self.reads = 0
        self.throttled = 0
        self.requests: Counter[str] = Counter()
        self.writes: Counter[str] = Counter()
        self.first_write: float | None = None
        self.last_write: float | None = None
        self.most_running = self.running

    def begin_call(self) -> None:
        self.http_calls += 1
        self.running += 1
        self.most_running = max(self.most_running, self.running)

    def end_call(self) -> None:
        self.running -= 1

    def count(self, template: str, is_write: bool, status: int, unchanged: bool, now: float) -> None:
        """Count one Graph request by its final status."""
        self.requests[template] += 1
        if status == 429:
            self.throttled += 1
        if not is_write:
            self.reads += template.startswith("GET ")
            return
        self.writes["attempted"] += 1
        if status < 300:
            self.writes["succeeded"] += 1
            self.writes["unchanged"] += unchanged
            self.first_write = self.first_write or now
            self.last_write = now
        else:
            self.writes["throttled" if status == 429 else "faulted" if status >= 500 else "refused"] += 1

    def report(self) -> dict[str, Any]:
        kinds = ("attempted", "succeeded", "refused", "throttled", "faulted", "unchanged")
        return {
            "httpCalls": self.http_calls,
            "subRequests": dict(self.requests),
            "batches": self.batches,
            "reads": self.reads,
            "writes": {kind: self.writes[kind] for kind in kinds},
            "throttled429": self.throttled,
            "firstWriteAt": self.first_write,
            "lastWriteAt": self.last_write,
            "maxConcurrent": self.most_running,
        }
