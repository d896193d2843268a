"""Tables: what their columns are called, in sheets and in JSON."""

from dataclasses import dataclass

from shared.export.cells import Value


@dataclass(frozen=True, slots=True)
class Column:
    """`key` is its name in JSON, `width` about how many characters a sheet shows of it."""

    title: str
    key: str
    width: int = 16


@dataclass(frozen=True, slots=True)
class Table:
    """`title` is the sheet's name, at most 25 characters: a number may follow."""

    title: str
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class Fact:
    """Something about the file or the job as a whole."""

    title: str
    key: str
    value: Value
