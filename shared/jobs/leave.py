"""How many users of a chunk may be worked on now, by Graph's limits of reads and writes."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from shared.jobs.services import Services
from shared.pacing import Reservation, Wait


@dataclass(frozen=True, slots=True)
class Leave:
    """Leave to read so many users, and to write to them if there is something to write. To be settled in any case."""

    users: int
    reading: Reservation
    writing: Reservation | None

    def settle(self, services: Services, writes: Sequence[tuple[float, int]]) -> None:
        """`writes` are those that were answered: (seconds since the epoch, number)."""
        services.reads.settle(self.reading, [(time.time(), self.users)])
        if self.writing is not None:
            services.pacer.settle(self.writing, writes)


def take_leave(services: Services, users: int, writes_per_user: int, patience: float) -> Leave | Wait:
    """For `users` or fewer, waiting at most `patience` seconds for either limit. 0 writes a user: a dry run.

    Raises:
        StorageUnavailable: a shared record cannot be had; what was reserved counts as used after a while.
    """
    writing = None
    if writes_per_user:
        leave = services.pacer.reserve(users * writes_per_user, patience)
        if isinstance(leave, Wait):
            return leave
        writing, users = leave, max(1, leave.number // writes_per_user)
    reading = services.reads.reserve(users, patience)
    if isinstance(reading, Reservation):
        return Leave(reading.number, reading, writing)
    if writing is not None:
        services.pacer.settle(writing, [])
    return reading
