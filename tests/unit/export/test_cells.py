"""Texts in cells: one line, storable, short enough, never a formula."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from shared.export.cells import MAX_CELL_UNITS, cut, guarded, naive_utc, plain


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Sales", "Sales"),
        ("", ""),
        ("a\r\nb\nc\rd", "a b c d"),
        ("a\tb\vc\fd", "a b c d"),
        ("a\x85b\u2028c\u2029d", "a b c d"),
        ("nul\x00l, bell\x07, escape\x1b[0m", "null, bell, escape[0m"),
        ("lone \ud83d surrogate", "lone  surrogate"),
        ("non\ufffecharacter\uffff", "noncharacter"),
        ("Zoë 👩‍💻 日本 مرحبا", "Zoë 👩‍💻 日本 مرحبا"),
    ],
)
def test_a_name_becomes_one_line_that_can_be_stored(text: str, expected: str) -> None:
    assert plain(text) == expected
    plain(text).encode()


@pytest.mark.parametrize(
    "text",
    [
        "=cmd|' /C calc'!A0",
        "+1",
        "-1",
        "@SUM(A1)",
        " +1",
        "\u00a0=1",
        "\u200b=1",
        "\ufeff=1",
        "\t=1",
        "\r=1",
        "\n=1",
        "\uff1d1",
        "\uff20x",
        "  \u00a0 -2",
    ],
)
def test_a_text_that_would_run_gets_an_apostrophe(text: str) -> None:
    assert guarded(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "Sales", "a=b", "'=1", "1-2", " x", '"a;b"', "user@contoso.com"])
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert guarded(text) == text


@pytest.mark.parametrize("letter", ["x", "👍"])
def test_a_text_is_cut_at_what_a_cell_holds(letter: str) -> None:
    text = cut(letter * 40_000)
    assert set(text) == {letter}
    assert MAX_CELL_UNITS - 1 <= len(text.encode("utf-16-le")) // 2 <= MAX_CELL_UNITS
    assert cut("x" * MAX_CELL_UNITS) == "x" * MAX_CELL_UNITS


def test_times_are_those_of_utc() -> None:
    moment = datetime(2026, 11, 24, 1, 30, 0, 5, tzinfo=timezone(timedelta(hours=2)))
    assert naive_utc(moment) == datetime(2026, 11, 23, 23, 30, tzinfo=UTC).replace(tzinfo=None)
