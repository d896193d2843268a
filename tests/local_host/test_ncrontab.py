"""NCRONTAB by the rules of the NCrontab library, as a table."""

from datetime import UTC, datetime, timedelta

import pytest

from local.host.ncrontab import NEVER, fires_more_than_once_a_minute, parse_schedule


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "moment", "expected"),
    [
        ("0 */15 * * * *", "2026-03-01T10:00:00", "2026-03-01T10:15:00"),
        ("0 */15 * * * *", "2026-03-01T10:59:59.999999", "2026-03-01T11:00:00"),
        ("*/15 * * * *", "2026-03-01T10:00:01", "2026-03-01T10:15:00"),  # five fields: second 0
        ("* * * * * *", "2026-12-31T23:59:59.5", "2027-01-01T00:00:00"),
        ("0 5/15 * * * *", "2026-03-01T10:00:00", "2026-03-01T10:05:00"),  # from 5 to the end
        ("0 5/15 * * * *", "2026-03-01T10:50:00", "2026-03-01T11:05:00"),
        ("0 10-20/5 * * * *", "2026-03-01T10:15:00", "2026-03-01T10:20:00"),
        ("0 10-20/5 * * * *", "2026-03-01T10:20:00", "2026-03-01T11:10:00"),
        ("0 20-10 * * * *", "2026-03-01T10:05:00", "2026-03-01T10:10:00"),  # backwards is turned round
        ("0 */0 * * * *", "2026-03-01T10:05:00", "2026-03-01T10:06:00"),  # a step below 1 is 1
        ("30 0 9,17 * * *", "2026-03-01T09:00:30", "2026-03-01T17:00:30"),
        ("0 0 0 1 * *", "2026-01-31T12:00:00", "2026-02-01T00:00:00"),
        ("0 0 0 31 * *", "2026-04-01T00:00:00", "2026-05-31T00:00:00"),
        ("0 0 0 29 2 *", "2026-03-01T00:00:00", "2028-02-29T00:00:00"),
        ("0 0 0 29 Feb *", "2096-03-01T00:00:00", "2104-02-29T00:00:00"),  # 2100 is no leap year
        ("0 0 0 * * 0", "2026-03-02T00:00:00", "2026-03-08T00:00:00"),  # Sunday
        ("0 0 0 * * sun", "2026-03-02T00:00:00", "2026-03-08T00:00:00"),
        ("0 0 0 * * Monday-Wed", "2026-03-05T00:00:00", "2026-03-09T00:00:00"),
        ("0 0 0 * * T", "2026-03-01T00:00:00", "2026-03-03T00:00:00"),  # first name with the prefix: Tuesday
        ("0 0 0 * J *", "2026-03-01T00:00:00", "2027-01-01T00:00:00"),  # January
        ("0 0 0 13 * 5", "2026-03-14T00:00:00", "2026-11-13T00:00:00"),  # the day AND the day of the week
        ("0 0 0 30 2 *", "2026-03-01T00:00:00", None),
        ("00:05:00", "2026-03-01T10:00:00", "2026-03-01T10:05:00"),
        ("1.00:00:00", "2026-03-01T10:00:00", "2026-03-02T10:00:00"),
    ],
)
def test_next_firing(expression: str, moment: str, expected: str | None) -> None:
    following = parse_schedule(expression).next_after(at(moment))
    assert following == (at(expected) if expected else NEVER)


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "* * * *",
        "* * * * * * *",
        "0 0 0 * * 7",
        "60 * * * * *",
        "0 60 * * * *",
        "0 0 24 * * *",
        "0 0 0 0 * *",
        "0 0 0 32 * *",
        "0 0 0 * 13 *",
        "0 0 0 L * *",
        "0 0 0 15W * *",
        "0 0 0 * * 1#2",
        "0 0 0 ? * *",
        "0 0 0 * Foo *",
        "0 , * * * *",
        "0 */x * * * *",
        "0 1- * * * *",
        "0 -1 * * * *",
        "24:00:00",
        "00:00:00",
    ],
)
def test_what_is_refused(expression: str) -> None:
    with pytest.raises(ValueError, match=r"field|time span|interval"):
        parse_schedule(expression)


@pytest.mark.parametrize(
    ("expression", "often"),
    [
        ("*/30 * * * * *", True),
        ("0,59 * * * * *", True),
        ("0 * * * * *", False),
        ("00:00:59", True),
        ("00:01:00", False),
        ("0 0 0 30 2 *", False),
    ],
)
def test_more_than_once_a_minute(expression: str, often: bool) -> None:
    assert fires_more_than_once_a_minute(parse_schedule(expression), at("2026-03-01T10:00:00")) is often


def test_firings_follow_each_other_without_end() -> None:
    schedule = parse_schedule("0 0 */6 * * 1-5")
    moment = at("2026-01-01T00:00:00")
    for _ in range(1000):
        following = schedule.next_after(moment)
        assert moment < following <= moment + timedelta(days=3)
        assert following.isoweekday() <= 5
        assert following.hour % 6 == following.minute == following.second == 0
        moment = following
