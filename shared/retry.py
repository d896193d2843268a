"""Retry or give up: pure."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

MAX_DELAY_SECONDS = 15 * 60
JITTER = 0.25


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """`delay_seconds` is the base of the back-off, `max_attempts` how often an item is taken up at most."""

    delay_seconds: float
    max_attempts: int

    def next_attempt(
        self, attempts: int, now: datetime, *, retry_after: float | None, random: Callable[[], float]
    ) -> datetime | None:
        """When to try again after `attempts` tries; None to give up.

        Graph's Retry-After (seconds) wins over our own back-off of `delay_seconds` · 2^attempts, capped at 15 minutes;
        both are spread by a quarter so that chunks do not come back together. `random` yields [0, 1).
        """
        if attempts >= self.max_attempts:
            return None
        if retry_after is not None:
            return now + timedelta(seconds=max(1.0, retry_after) * (1 + JITTER * random()))
        delay = min(MAX_DELAY_SECONDS, self.delay_seconds * 2 ** min(attempts, 30))
        return now + timedelta(seconds=delay * (1 - JITTER * random()))
