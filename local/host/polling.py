"""How long to wait after an empty poll."""

import random


class PollingBackoff:
    """Starts at 100 ms and doubles, with a jitter of 20 %, up to `longest` seconds; a find starts it anew.

    azure-sdk-for-net, Queues/Timers/RandomizedExponentialBackoffStrategy.cs."""

    def __init__(self, longest: float) -> None:
        self._longest = longest
        self._current = 0.0

    def reset(self) -> None:
        self._current = 0.0

    def next_wait(self) -> float:
        """Seconds to wait now."""
        doubled = self._current * 2 * random.uniform(0.8, 1.2) if self._current else 0.1
        self._current = min(max(doubled, 0.1), self._longest)
        return self._current
