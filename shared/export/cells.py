"""Texts made fit for a cell. Names come from a directory that many people may write to."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime

Value = str | int | bool | datetime | None
"""What a cell holds. Times are aware, in UTC; None is an empty cell."""

Row = Sequence[Value]
"""The cells of a row, in the order of its table's columns."""

MAX_CELL_UNITS = 32_767
"""Characters that an Excel cell holds, in UTF-16 code units.
Source: https://support.microsoft.com/office/excel-specifications-and-limits."""

_UNFIT = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")
_BREAKS = re.compile("\r\n|[\t\n\v\f\r\x1c-\x1e\x85\u2028\u2029]")
# A spreadsheet looks for a formula behind blanks too, and takes the full-width signs for the plain ones.
# Source: https://owasp.org/www-community/attacks/CSV_Injection
_FORMULA = re.compile("[\\s\u200b-\u200f\u2060\ufeff]*[=+\\-@\uff1d\uff0b\uff0d\uff20]")


def plain(text: str) -> str:
    """One line of text that UTF-8 and XML can hold: breaks and tabs become spaces, control characters go."""
    if not _UNFIT.search(text):
        return text
    return _UNFIT.sub("", _BREAKS.sub(" ", text))


def cut(text: str) -> str:
    """As much of the text as an Excel cell holds."""
    if len(text) <= MAX_CELL_UNITS // 2:
        return text
    units = text.encode("utf-16-le")
    return units[: MAX_CELL_UNITS * 2].decode("utf-16-le", errors="ignore")


def guarded(text: str) -> str:
    """The text with a `'` before it where a spreadsheet that opens a CSV file would run it as a formula."""
    return f"'{text}" if _FORMULA.match(text) else text


def naive_utc(moment: datetime) -> datetime:
    """Excel knows no time zones; the column's title names it."""
    return moment.astimezone(UTC).replace(tzinfo=None, microsecond=0)
