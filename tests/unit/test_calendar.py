"""When a temporary licence ends."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.calendar import expiry

Unit = Literal["days", "weeks", "months"]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "value", "unit", "end"),
    [
        ("2026-03-15T08:30:15", 1, "days", "2026-03-16T08:30:15"),
        ("2026-12-31T23:59:59", 1, "days", "2027-01-01T23:59:59"),
        ("2024-02-28T12:00:00", 1, "days", "2024-02-29T12:00:00"),
        ("2025-02-28T12:00:00", 1, "days", "2025-03-01T12:00:00"),
        ("2026-03-15T08:30:15", 2, "weeks", "2026-03-29T08:30:15"),
        ("2026-12-28T00:00:00", 1, "weeks", "2027-01-04T00:00:00"),
        ("2026-01-15T08:30:15", 1, "months", "2026-02-15T08:30:15"),
        ("2026-01-31T08:30:15", 1, "months", "2026-02-28T08:30:15"),
        ("2024-01-31T08:30:15", 1, "months", "2024-02-29T08:30:15"),
        ("2024-02-29T08:30:15", 12, "months", "2025-02-28T08:30:15"),
        ("2024-02-29T08:30:15", 48, "months", "2028-02-29T08:30:15"),
        ("2026-03-31T00:00:00", 1, "months", "2026-04-30T00:00:00"),
        ("2026-03-31T00:00:00", 2, "months", "2026-05-31T00:00:00"),
        ("2026-11-30T00:00:00", 3, "months", "2027-02-28T00:00:00"),
        ("2026-12-31T00:00:00", 1, "months", "2027-01-31T00:00:00"),
        ("2026-06-15T00:00:00", 6, "months", "2026-12-15T00:00:00"),
        ("2026-06-15T00:00:00", 7, "months", "2027-01-15T00:00:00"),
        ("2099-12-30T00:00:00", 1, "days", "2099-12-31T00:00:00"),
        ("2099-11-30T00:00:00", 1, "months", "2099-12-30T00:00:00"),
    ],
)
def test_expiry(start: str, value: int, unit: Unit, end: str) -> None:
    assert expiry(at(start), value, unit) == at(end)


def test_the_start_is_taken_in_utc() -> None:
    """31 March, 00:30 at UTC+2, is 30 March in UTC: the month ends on 30 April, 22:30."""
    start = datetime(2026, 3, 31, 0, 30, tzinfo=timezone(timedelta(hours=2)))
    end = expiry(start, 1, "months")
    assert end == at("2026-04-30T22:30:00")
    assert end.tzinfo is UTC


@pytest.mark.parametrize(
    ("start", "value", "unit"),
    [
        ("2099-12-31T00:00:00", 1, "days"),
        ("2099-12-31T00:00:00", 1, "months"),
        ("2026-01-01T00:00:00", 74 * 12, "months"),
        ("2026-01-01T00:00:00", 12 * 9999, "months"),
        ("2026-01-01T00:00:00", 10**7, "days"),
        ("2026-01-01T00:00:00", 10**30, "days"),
        ("2026-01-01T00:00:00", 10**30, "weeks"),
        ("2026-01-01T00:00:00", 10**30, "months"),
    ],
)
def test_a_date_before_2100(start: str, value: int, unit: Unit) -> None:
    with pytest.raises(ValueError, match="before 2100"):
        expiry(at(start), value, unit)


def test_a_start_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        expiry(at("2026-01-01T00:00:00").replace(tzinfo=None), 1, "days")


STARTS = st.datetimes(
    min_value=datetime(2000, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    max_value=datetime(2050, 12, 31),  # noqa: DTZ001 - hypothesis adds the zone
    timezones=st.just(UTC),
)
fast = settings(max_examples=200, derandomize=True, deadline=None, database=None)


@fast
@given(STARTS, st.integers(1, 400))
def test_months_keep_the_day_or_clamp_it_to_the_last(start: datetime, months: int) -> None:
    end = expiry(start, months, "months")
    assert (end.year * 12 + end.month) - (start.year * 12 + start.month) == months
    assert end.timetz() == start.timetz()
    is_last_day = (end + timedelta(days=1)).day == 1
    assert end.day == start.day or (end.day < start.day and is_last_day)


@fast
@given(STARTS, STARTS, st.integers(1, 400), st.sampled_from(["days", "weeks", "months"]))
def test_order_is_kept(one: datetime, other: datetime, value: int, unit: Unit) -> None:
    earlier, later = sorted((one.replace(hour=0, minute=0), other.replace(hour=23, minute=59)))
    assert expiry(earlier, value, unit).date() <= expiry(later, value, unit).date()
    assert earlier < expiry(earlier, value, unit) < expiry(earlier, value + 1, unit)
