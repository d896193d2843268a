"""Workbooks, written row by row.

openpyxl's write-only mode keeps each sheet as a file until the workbook is saved, so sheets may grow side by side.
"""

import os
from collections.abc import Iterable
from datetime import datetime
from types import TracebackType
from typing import Any, BinaryIO, Self

from openpyxl import Workbook
from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.chart import BarChart, Reference
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter

from shared.export.cells import Row, Value, cut, naive_utc
from shared.export.tables import Fact, Table

MAX_SHEET_ROWS = 1_048_576
"""Rows of a sheet, its header included.
Source: https://support.microsoft.com/office/excel-specifications-and-limits."""
MAX_BARS = 20
"""Bars that a chart can show legibly."""

DATE_FORMAT = "yyyy-mm-dd hh:mm:ss"
_BOLD = Font(bold=True)
_HEADER_FILL = PatternFill("solid", fgColor="FFDDE6F2")

_Sheet = Any
"""openpyxl's WriteOnlyWorksheet; its type stubs leave out most of what it takes over from Worksheet."""


class XlsxFile:
    """A workbook under way. Leaving its context removes what it keeps on the disk."""

    def __init__(self, max_sheet_rows: int = MAX_SHEET_ROWS) -> None:
        self._book = Workbook(write_only=True)
        self._max_sheet_rows = max_sheet_rows

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _remove_files(self._book)

    def sheet(self, table: Table) -> "SheetRows":
        """The next sheet, and as many more of the table as its rows need."""
        return SheetRows(self._book, table, self._max_sheet_rows)

    def save(self, file: BinaryIO) -> None:
        self._book.save(file)


class SheetRows:
    """The rows of one table: a frozen header with filters, then `append` by `append`."""

    def __init__(self, book: Workbook, table: Table, max_rows: int) -> None:
        self._book = book
        self._table = table
        self._max_rows = max_rows
        self._sheets = 0
        self._sheet: _Sheet = None
        self._begin_sheet()

    def append(self, row: Row) -> None:
        if self._rows == self._max_rows:
            self.end()
            self._begin_sheet()
        self._sheet.append([self._cell(at, value) for at, value in enumerate(row)])
        self._rows += 1

    def end(self) -> None:
        """Set the filters, over all rows of the sheet. To be called once, after the last row."""
        self._sheet.auto_filter.ref = f"A1:{get_column_letter(len(self._table.columns))}{self._rows}"

    def add_facts(self, facts: Iterable[Fact]) -> None:
        """Name and value of each, below the table and beyond its filters."""
        self._sheet.append([])
        for fact in facts:
            self._sheet.append([_bold(self._sheet, fact.title), self._cell(1, fact.value)])

    def add_bars(self, title: str, of_column: int, anchor: str) -> None:
        """A chart of a column of numbers by the first column's names; columns count from 1."""
        last = min(self._rows, MAX_BARS + 1)
        if last < 2:
            return
        chart = BarChart()
        chart.type = "bar"
        chart.title = title
        chart.legend = None
        chart.height, chart.width = 1.5 + 0.75 * last, 20
        chart.add_data(Reference(self._sheet, of_column, 1, of_column, last), titles_from_data=True)
        chart.set_categories(Reference(self._sheet, 1, 2, 1, last))
        chart.x_axis.scaling.orientation = "maxMin"
        # Without these two, recent versions of Excel hide the axes of charts that openpyxl made.
        chart.x_axis.delete = chart.y_axis.delete = False
        self._sheet.add_chart(chart, anchor)

    def _begin_sheet(self) -> None:
        self._sheets += 1
        title = self._table.title if self._sheets == 1 else f"{self._table.title} {self._sheets}"
        after = len(self._book.worksheets) if self._sheet is None else self._book.index(self._sheet) + 1
        self._sheet = self._book.create_sheet(title, after)
        self._sheet.freeze_panes = "A2"  # this and the widths are lost after the first row
        for number, column in enumerate(self._table.columns, start=1):
            self._sheet.column_dimensions[get_column_letter(number)].width = column.width
        columns = range(len(self._table.columns))
        # One cell a column for each kind that openpyxl would get wrong; a row is on the disk before the next.
        self._texts = [WriteOnlyCell(self._sheet) for _ in columns]
        self._times = [WriteOnlyCell(self._sheet) for _ in columns]
        for cell in self._times:
            cell.number_format = DATE_FORMAT
        self._sheet.append([_header(self._sheet, column.title) for column in self._table.columns])
        self._rows = 1

    def _cell(self, at: int, value: Value) -> object:
        """What openpyxl is to write in a column, which counts from 0."""
        if isinstance(value, str):
            text = cut(value)
            if text[:1] not in ("=", "#"):
                return text
            cell = self._texts[at]
            cell.value = text
            cell.data_type = "s"  # else openpyxl makes a formula of `=…` and an error of `#N/A`
            return cell
        if isinstance(value, datetime):
            cell = self._times[at]
            cell.value = naive_utc(value)
            return cell
        return value


def _header(sheet: _Sheet, title: str) -> Cell:
    cell = _bold(sheet, title)
    cell.fill = _HEADER_FILL
    return cell


def _bold(sheet: _Sheet, text: str) -> Cell:
    cell = WriteOnlyCell(sheet, value=text)
    cell.font = _BOLD
    return cell


def _remove_files(book: Workbook) -> None:
    """The sheets' files of a workbook that was not saved; openpyxl would keep them until the process ends."""
    sheets: list[_Sheet] = list(book.worksheets)
    for sheet in sheets:
        writer = sheet._writer
        if os.path.exists(writer.out):
            if not sheet.closed:
                sheet.close()
            writer.cleanup()
