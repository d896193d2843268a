"""When a temporary licence ends."""

from calendar import monthrange
from datetime import MAXYEAR, UTC, datetime, timedelta
from typing import Final, Literal

LAST_YEAR: Final = 2099


def expiry(start: datetime, value: int, unit: Literal["days", "weeks", "months"]) -> datetime:
    """`start` plus `value` units, in UTC, at the same time of day.

    Months are calendar months, clamped to the last day: one month from 31 January is 28 or 29 February.

    Raises:
        ValueError: `start` names no zone, or the date would not be before 2100.
    """
    if start.tzinfo is None:
        raise ValueError("the start names no time zone")
    end: datetime | None
    try:
        end = _later(start.astimezone(UTC), value, unit)
    except OverflowError:
        end = None
    if end is None or end.year > LAST_YEAR:
        raise ValueError("the expiry must be a date before 2100")
    return end


def _later(start: datetime, value: int, unit: Literal["days", "weeks", "months"]) -> datetime:
    if unit == "months":
        return _months_later(start, value)
    return start + (timedelta(weeks=value) if unit == "weeks" else timedelta(days=value))


def _months_later(start: datetime, months: int) -> datetime:
    """Raises OverflowError past the last year that a datetime can hold."""
    years, month_index = divmod(start.month - 1 + months, 12)
    year, month = start.year + years, month_index + 1
    if year > MAXYEAR:
        raise OverflowError("the date lies past the last year of a datetime")
    return start.replace(year=year, month=month, day=min(start.day, monthrange(year, month)[1]))
