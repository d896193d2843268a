"""Rows as CSV: UTF-8 with a byte order mark, without which Excel takes it for an ANSI text; RFC 4180 else.

Texts that a spreadsheet would run as a formula get a `'` before them, so never read them back as names.
"""

import csv
import io
from collections.abc import Iterable
from datetime import datetime
from typing import BinaryIO

from shared.export.cells import Row, Value, guarded, naive_utc
from shared.export.tables import Table


def write_csv(file: BinaryIO, table: Table, rows: Iterable[Row]) -> None:
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow([column.title for column in table.columns])
    writer.writerows([_text(value) for value in row] for row in rows)
    text.detach()


def _text(value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return guarded(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return str(naive_utc(value))
    return str(value)
