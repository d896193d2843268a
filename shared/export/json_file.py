"""Rows as JSON objects, in an array that is written as it comes."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import BinaryIO

from shared.clock import to_iso
from shared.export.cells import Row
from shared.export.tables import Fact, Table


def write_rows(file: BinaryIO, table: Table, rows: Iterable[Row]) -> None:
    """`[{…}, …]`, an object a line."""
    keys = [column.key for column in table.columns]
    between = b"[\n"
    for row in rows:
        file.write(between + _json(dict(zip(keys, row, strict=True))))
        between = b",\n"
    file.write(b"[]" if between == b"[\n" else b"\n]")


def facts_json(facts: Iterable[Fact]) -> bytes:
    return _json({fact.key: fact.value for fact in facts})


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, default=_moment).encode()


def _moment(value: object) -> str:
    if isinstance(value, datetime):
        return to_iso(value)
    raise TypeError(f"{type(value).__name__} has no place in a cell")
