"""Waiting for what other processes bring about."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def eventually(
    read: Callable[[], T],
    holds: Callable[[T], bool] = bool,
    *,
    within: float = 30.0,
    every: float = 0.1,
    what: str = "the condition",
) -> T:
    """Call `read` until `holds` is true of its value, and return that value.

    Fails with the last value after `within` seconds; reads every `every` seconds. An exception of `read` is
    not swallowed: where one is part of the wait, `read` has to turn it into a value.
    """
    deadline = time.monotonic() + within
    while True:
        value = read()
        if holds(value):
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come true within {within:g} s; last value: {value!r}")
        time.sleep(every)


def never(read: Callable[[], object], *, during: float, every: float = 0.05, what: str = "it") -> None:
    """Watch `read` for `during` seconds and fail as soon as it gives something true."""
    deadline = time.monotonic() + during
    while time.monotonic() < deadline:
        value = read()
        assert not value, f"{what} happened: {value!r}"
        time.sleep(every)
