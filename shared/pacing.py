"""Graph's limits of writes and of reads, kept by all instances together.

Graph counts writes in a sliding window (3,000 in 150 s per app and tenant,
https://learn.microsoft.com/graph/throttling-limits#identity-and-access-service-limits). The window is filled, not paced
evenly: what the limit allows now is sent now. A write is reserved before it is sent and counted from the moment its
answer came, which is never before Graph counted it, so this window is never ahead of Graph's.

Reads are counted likewise, in resource units; `read_limit` says how many.

`Window` is the arithmetic, pure. `WritePacer` shares one window through a row of the table `work`, changed by
compare-and-swap; the threads of a process take turns, so that they rarely lose a race against themselves.
"""

import json
import random
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from shared.storage.tables import Superseded
from shared.storage.work_store import WorkStore

T = TypeVar("T")

RESERVATION_SECONDS = 60.0
"""After that a reservation whose holder fell silent counts as written then."""
SMALLEST_SHARE = 20
"""One $batch: less is not worth a round trip while more is wanted."""
COMFORTABLE_SHARE = 100
LINGER_SECONDS = 0.3
"""How long to wait for a comfortable share once a small one is to be had."""

FRESH_SECONDS = 1.0
"""So long after our last change nobody is sent away without a look at the shared row."""


@dataclass(frozen=True, slots=True)
class Limit:
    """`writes` in any `seconds`."""

    writes: int
    seconds: float


READS_PER_WRITE = 40
"""Graph's own proportion: 8,000 resource units in 10 s, of which a user costs one, to 3,000 writes in 150 s."""
READ_WINDOW_SECONDS = 10.0
SHARE_OF_READS = 0.9
"""The rest is for members' pages and for people who look."""


def read_limit(writes: Limit) -> Limit:
    """Users that jobs may read where they may write so much; whoever shares the one limit shares the other too."""
    reads = writes.writes / writes.seconds * READS_PER_WRITE * READ_WINDOW_SECONDS * SHARE_OF_READS
    return Limit(max(1, int(reads)), READ_WINDOW_SECONDS)


@dataclass(slots=True)
class Window:
    """Writes of the last `limit.seconds`: `stamps` are [time, number], `reserved` maps an id to [number, time].

    Times are seconds since the epoch, by the clocks of the instances.
    """

    limit: Limit
    stamps: list[tuple[float, int]] = field(default_factory=list)
    reserved: dict[str, tuple[int, float]] = field(default_factory=dict)
    not_before: float = 0.0

    def settle_time(self, now: float) -> None:
        """Forget what has left the window; turn silent reservations into writes."""
        for key, (number, at) in list(self.reserved.items()):
            if at + RESERVATION_SECONDS <= now:
                del self.reserved[key]
                self.stamps.append((at + RESERVATION_SECONDS, number))
        self.stamps = sorted(stamp for stamp in self.stamps if stamp[0] + self.limit.seconds > now)

    def free(self) -> int:
        used = sum(number for _, number in self.stamps) + sum(number for number, _ in self.reserved.values())
        return max(0, self.limit.writes - used)

    def free_at(self, wanted: int, now: float) -> float:
        """The earliest time at which `wanted` writes are known to be free; that of the whole window at most."""
        free = self.free()
        if free >= wanted:
            return now
        for at, number in self.stamps:
            free += number
            if free >= wanted:
                return at + self.limit.seconds
        return now + 1.0  # what others have reserved comes free at a time that only they know

    def share(self, wanted: int, now: float) -> tuple[int, float]:
        """(number granted, time to ask again if none)."""
        if now < self.not_before:
            return 0, self.not_before
        smallest = min(wanted, SMALLEST_SHARE, self.limit.writes)
        ready = self.free_at(smallest, now)
        comfortable = self.free_at(min(wanted, COMFORTABLE_SHARE, self.limit.writes), now)
        if now < comfortable <= ready + LINGER_SECONDS:
            return 0, comfortable
        if ready > now:
            return 0, ready
        return min(wanted, self.free()), now

    def dump(self) -> bytes:
        document = {"stamps": self.stamps, "reserved": self.reserved, "notBefore": self.not_before}
        return json.dumps(document, separators=(",", ":")).encode()

    @classmethod
    def load(cls, limit: Limit, data: bytes) -> "Window":
        if not data:
            return cls(limit)
        document: dict[str, Any] = json.loads(data)
        return cls(
            limit,
            [(at, number) for at, number in document["stamps"]],
            {key: (number, at) for key, (number, at) in document["reserved"].items()},
            document["notBefore"],
        )


@dataclass(frozen=True, slots=True)
class Reservation:
    """`number` writes may be sent now; settle it in any case."""

    key: str
    number: int


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing is free before `seconds` have passed."""

    seconds: float


class WritePacer:
    """Shares the window with every instance. `now` is wall-clock time in seconds since the epoch.

    `what` names the row: `writes`, or `reads` for the other window of the same kind.
    """

    def __init__(
        self, store: WorkStore, limit: Limit, now: Callable[[], float] = time.time, *, what: str = "writes"
    ) -> None:
        self._store = store
        self._what = what
        self._limit = limit
        self._now = now
        self._turn = threading.Lock()
        self._settled = threading.Condition()
        self._cached: tuple[bytes, str | None] | None = None
        self._cached_at = 0.0

    @property
    def limit(self) -> Limit:
        return self._limit

    def reserve(self, wanted: int, patience: float) -> Reservation | Wait:
        """Up to `wanted` writes, waiting at most `patience` seconds for the first of them.

        Raises:
            StorageUnavailable: the shared record cannot be had.
        """
        deadline = self._now() + patience
        while True:
            key = uuid.uuid4().hex[:12]
            number, again = self._change(partial(_take, wanted=wanted, key=key))
            if number:
                return Reservation(key, number)
            if again > deadline:
                return Wait(max(0.0, again - self._now()))
            with self._settled:
                self._settled.wait(timeout=max(0.005, min(1.0, again - self._now())))

    def settle(self, reservation: Reservation, answered: Sequence[tuple[float, int]]) -> None:
        """Give back what was not sent and count the rest: `answered` are (seconds since the epoch, number)."""

        def give_back(window: Window, _now: float) -> None:
            window.reserved.pop(reservation.key, None)
            window.stamps += [(at, number) for at, number in answered if number]

        self._change(give_back)
        with self._settled:
            self._settled.notify_all()

    def hold(self, seconds: float) -> None:
        """Graph said stop: no instance writes before `seconds` have passed."""

        def push(window: Window, now: float) -> None:
            window.not_before = max(window.not_before, now + seconds)

        self._change(push)

    def _change(self, change: Callable[[Window, float], T]) -> T:
        while True:
            with self._turn:
                known = self._cached
                data, etag = known or self._store.pace(self._what)
                now = self._now()
                window = Window.load(self._limit, data)
                window.settle_time(now)
                before = window.dump()
                answer = change(window, now)
                changed = window.dump()
                if changed == before:
                    if known is None or now - self._cached_at <= FRESH_SECONDS:
                        return answer
                    self._cached = None  # another instance may have given something back since
                    continue
                try:
                    etag = self._store.save_pace(self._what, changed, etag)
                except Superseded:
                    self._cached = None
                    continue_after = random.uniform(0.005, 0.03)  # noqa: S311 - spreads instances, guards nothing
                else:
                    self._cached, self._cached_at = (changed, etag), now
                    return answer
            time.sleep(continue_after)


def _take(window: Window, now: float, *, wanted: int, key: str) -> tuple[int, float]:
    number, again = window.share(wanted, now)
    if number:
        window.reserved[key] = (number, now)
    return number, again
