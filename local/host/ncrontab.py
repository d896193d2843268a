"""NCRONTAB, the schedule language of timer triggers, by the rules of the NCrontab library that Azure uses.

Six fields `{second} {minute} {hour} {day} {month} {day-of-week}`; five mean second 0. It is not cron: the day
and the day of the week must BOTH match, Sunday is 0 and 7 is refused, `5/15` means from 5 to the end in steps
of 15, a range written backwards is turned round, names are matched by any prefix, and `L`, `W`, `#`, `?` do
not exist. Times are UTC.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Protocol

from local.host.timespan import parse_timespan

MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")

NEVER = datetime.max.replace(tzinfo=UTC)
# The Gregorian calendar repeats days of the month and of the week together every 28 years, and every 40
# where a century without a leap day falls in between: what has no match in that time has none at all.
_SEARCH_YEARS = 40


class Schedule(Protocol):
    """When a timer fires."""

    def next_after(self, moment: datetime) -> datetime:
        """The first firing strictly after `moment` (aware, UTC); `NEVER` if there is none."""


@dataclass(frozen=True)
class _Field:
    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()

    def parse(self, text: str) -> tuple[int, ...]:
        values: set[int] = set()
        for part in text.split(","):
            values.update(self._parse_part(part, text))
        return tuple(sorted(values))

    def _parse_part(self, part: str, whole: str) -> range:
        base, slash, step_text = part.partition("/")
        if slash and not re.fullmatch(r"[0-9]+", step_text):
            raise ValueError(f"{whole!r} is not a valid {self.name} field: {step_text!r} is not a step")
        step = max(int(step_text), 1) if slash else 1
        if base == "*":
            return range(self.low, self.high + 1, step)
        first_text, dash, last_text = base.partition("-")
        first = self._value(first_text, whole)
        if dash:
            last = self._value(last_text, whole)
            first, last = min(first, last), max(first, last)
        else:
            last = self.high if slash else first
        return range(first, last + 1, step)

    def _value(self, text: str, whole: str) -> int:
        if re.fullmatch(r"[0-9]+", text):
            value = int(text)
            if not self.low <= value <= self.high:
                raise ValueError(f"{whole!r} is not a valid {self.name} field: {self.low} to {self.high} is")
            return value
        if text:
            for index, name in enumerate(self.names):
                if name.lower().startswith(text.lower()):
                    return index + self.low
        raise ValueError(f"{whole!r} is not a valid {self.name} field: {text!r} is not a value")


_FIELDS = (
    _Field("second", 0, 59),
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day", 1, 31),
    _Field("month", 1, 12, MONTHS),
    _Field("day-of-week", 0, 6, DAYS),
)


@dataclass(frozen=True)
class CronSchedule:
    """A parsed NCRONTAB expression; each field holds its matching values, ascending."""

    seconds: tuple[int, ...]
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: tuple[int, ...]
    months: tuple[int, ...]
    weekdays: tuple[int, ...]

    def next_after(self, moment: datetime) -> datetime:
        """The first match strictly after `moment` (aware, UTC), `NEVER` for one such as 30 February."""
        start = moment.replace(microsecond=0) + timedelta(seconds=1)
        day = start.replace(hour=0, minute=0, second=0)
        last_year = min(start.year + _SEARCH_YEARS, NEVER.year)
        while day.year < last_year:
            if day.month not in self.months:
                day = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
                continue
            if day.day in self.days and day.isoweekday() % 7 in self.weekdays:
                earliest = (
                    (start.hour, start.minute, start.second) if day.date() == start.date() else (0, 0, 0)
                )
                clock = self._clock_from(earliest)
                if clock is not None:
                    return day.replace(hour=clock[0], minute=clock[1], second=clock[2])
            day += timedelta(days=1)
        return NEVER

    def _clock_from(self, earliest: tuple[int, int, int]) -> tuple[int, int, int] | None:
        """The first time of day that matches and is not before `earliest`."""
        hour, minute, second = earliest
        for h in _from(self.hours, hour):
            for m in _from(self.minutes, minute if h == hour else 0):
                for s in _from(self.seconds, second if (h, m) == (hour, minute) else 0):
                    return h, m, s
        return None


@dataclass(frozen=True)
class IntervalSchedule:
    """A fixed distance from one run to the next."""

    interval: timedelta

    def next_after(self, moment: datetime) -> datetime:
        return moment + self.interval


def parse_schedule(text: str) -> Schedule:
    """The schedule that a timer trigger names. Raises ValueError with the field that is wrong."""
    fields = text.split()
    if len(fields) == 1 and ":" in text:
        interval = parse_timespan(text)
        if not interval:
            raise ValueError(f"{text!r} is no interval")
        return IntervalSchedule(interval)
    if len(fields) == 5:
        fields = ["0", *fields]
    if len(fields) != len(_FIELDS):
        raise ValueError(f"{text!r} has {len(fields)} fields; an NCRONTAB expression has six (or five)")
    return CronSchedule(*(field.parse(part) for field, part in zip(_FIELDS, fields, strict=True)))


def fires_more_than_once_a_minute(schedule: Schedule, moment: datetime) -> bool:
    """Whether two of the next firings after `moment` are less than a minute apart."""
    firings = [schedule.next_after(moment)]
    while len(firings) < 5 and firings[-1] is not NEVER:
        firings.append(schedule.next_after(firings[-1]))
    pairs = pairwise(firings)
    return any(later - sooner < timedelta(minutes=1) for sooner, later in pairs)


def _from(values: Sequence[int], least: int) -> list[int]:
    return [value for value in values if value >= least]
