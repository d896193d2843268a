"""When functions ran, read from the host's log: what Flex Consumption bills is the time in which any does."""

import re
from collections.abc import Iterable
from datetime import datetime

_EXECUTED = re.compile(
    r"^(?P<end>\S+Z) \S+ +\[(?P<function>\w+) \w+\] Executed \(\w+, (?P<ms>\d+) ms\)", re.MULTILINE
)


def executions(log: str, function: str) -> list[tuple[float, float]]:
    """(begin, end) of each, in seconds since the epoch."""
    found = []
    for match in _EXECUTED.finditer(log):
        if match["function"] == function:
            end = datetime.fromisoformat(match["end"]).timestamp()
            found.append((end - int(match["ms"]) / 1000, end))
    return found


def seconds_active(spans: Iterable[tuple[float, float]]) -> float:
    """How long at least one of them ran."""
    active, until = 0.0, 0.0
    for begin, end in sorted(spans):
        active += max(0.0, end - max(begin, until))
        until = max(until, end)
    return active
