"""Throttling as documented for identity and access: writes and resource units of one app in one tenant.

Both limits are sliding windows: a request is refused while the window before it is full, so only the excess is
refused. Refused requests count as well ("throttled requests still count against the quota, so immediate retries
prolong it"). Source: Microsoft Graph, "Throttling limits" and "Throttling guidance".
"""

from collections import deque
from dataclasses import dataclass
from typing import NamedTuple

SHOWN_FROM = 0.8
SHOWN_TO = 1.8


@dataclass(slots=True)
class LimitSettings:
    """The documented limits: 3,000 writes in 150 s, 8,000 resource units in 10 s (a tenant above 500 users)."""

    writes: int = 3000
    seconds: float = 150.0
    resource_units: int = 8000
    resource_unit_seconds: float = 10.0
    enabled: bool = True


class Refused(NamedTuple):
    """Why a request is throttled: seconds to wait, the share of the limit in use, and what ran out."""

    retry_after: float
    usage: float
    information: str
    scope: str


class SlidingWindow:
    """Amounts spent within the last `seconds`."""

    def __init__(self, limit: int, seconds: float) -> None:
        self.limit = limit
        self.seconds = seconds
        self._spent: deque[tuple[float, int]] = deque()
        self._total = 0

    def spend(self, now: float, amount: int) -> bool:
        """Count an amount; whether there was room for it. What has no room counts too."""
        spent = self._spent
        while spent and spent[0][0] <= now - self.seconds:
            self._total -= spent.popleft()[1]
        fits = self._total + amount <= self.limit
        spent.append((now, amount))
        self._total += amount
        return fits

    @property
    def usage(self) -> float:
        """The spent part of the limit; above 1 when requests were refused."""
        return self._total / self.limit

    def wait(self, now: float) -> float:
        """Seconds until one more unit fits, if nothing else is sent."""
        surplus = self._total + 1 - self.limit
        for time, amount in self._spent:
            surplus -= amount
            if surplus <= 0:
                return max(time + self.seconds - now, 0.0)
        return self.seconds


class Limits:
    """The two windows of the app; off while `enabled` is false."""

    def __init__(self, settings: LimitSettings) -> None:
        self.settings = settings
        self._writes = SlidingWindow(settings.writes, settings.seconds)
        self._units = SlidingWindow(settings.resource_units, settings.resource_unit_seconds)

    def charge(self, now: float, units: int, writes: int) -> Refused | None:
        """Count a request against both windows; what refuses it, None when it may pass."""
        if not self.settings.enabled:
            return None
        units_fit = self._units.spend(now, units)
        writes_fit = self._writes.spend(now, writes) if writes else True
        if not writes_fit:
            return self._refusal(self._writes, now, "WriteLimitExceeded", "Write")
        if not units_fit:
            return self._refusal(self._units, now, "ResourceUnitLimitExceeded", "ReadWrite")
        return None

    def usage_header(self) -> dict[str, str]:
        """x-ms-throttle-limit-percentage, which is sent above 0.8 only."""
        if not self.settings.enabled:
            return {}
        usage = max(self._writes.usage, self._units.usage)
        if usage <= SHOWN_FROM:
            return {}
        return {"x-ms-throttle-limit-percentage": f"{min(usage, SHOWN_TO):.2f}"}

    @staticmethod
    def _refusal(window: SlidingWindow, now: float, information: str, scope: str) -> Refused:
        return Refused(window.wait(now), min(window.usage, SHOWN_TO), information, scope)
