"""Workbooks of any size.

openpyxl makes the workbook: sheets with their headers, styles, filters, charts. Its cells take a processor a minute
for 100,000 users with three licenses each, so the rows below the headers are written here, as SpreadsheetML
(ECMA-376, part 1, 18.3.1), wait compressed on the disk, and come in between when the workbook is saved.
"""

import gzip
import re
import shutil
import tempfile
from collections.abc import Iterable
from contextlib import ExitStack
from datetime import datetime
from types import TracebackType
from typing import BinaryIO, Self
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.chart import BarChart, Reference
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.utils.datetime import to_excel

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

_ROWS_END = b"</sheetData>"
_DIMENSION = re.compile(rb"<dimension [^>]*/>")
"""The cells in use; openpyxl knows of the header alone."""
_COPIED_BYTES = 1024 * 1024


class XlsxFile:
    """A workbook under way. Leaving its context removes what it keeps on the disk."""

    def __init__(self, max_sheet_rows: int = MAX_SHEET_ROWS) -> None:
        self._book = Workbook()
        self._book.remove(self._book.worksheets[0])
        self._max_sheet_rows = max_sheet_rows
        self._files = ExitStack()
        self._tables: list[SheetRows] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._files.close()

    def sheet(self, table: Table) -> "SheetRows":
        """The next sheet, and as many more of the table as its rows need."""
        rows = SheetRows(self._book, table, self._max_sheet_rows, self._files)
        self._tables.append(rows)
        return rows

    def save(self, file: BinaryIO) -> None:
        """To be called once, when all rows are there."""
        waiting = {sheet.title: sheet for table in self._tables for sheet in table.sheets}
        for sheet in waiting.values():
            sheet.end()
        parts = {
            f"xl/worksheets/sheet{number}.xml": waiting[title]
            for number, title in enumerate(self._book.sheetnames, start=1)
        }
        with tempfile.TemporaryFile() as frame:
            self._book.save(frame)
            with ZipFile(frame) as source, ZipFile(file, "w", ZIP_DEFLATED) as target:
                for entry in source.infolist():
                    content = source.read(entry)
                    if entry.filename in parts:
                        parts[entry.filename].write_to(target, entry.filename, content)
                    else:
                        target.writestr(entry.filename, content)


class SheetRows:
    """The rows of one table, below a frozen header with filters."""

    def __init__(self, book: Workbook, table: Table, max_rows: int, files: ExitStack) -> None:
        self._book = book
        self._table = table
        self._max_rows = max_rows
        self._files = files
        self.sheets: list[_Sheet] = []
        self._begin_sheet(len(book.worksheets))

    @property
    def _last(self) -> "_Sheet":
        return self.sheets[-1]

    def append(self, row: Row) -> None:
        if self._last.rows == self._max_rows:
            self._begin_sheet(self._book.index(self._last.sheet) + 1)
        self._last.append(row)

    def add_facts(self, facts: Iterable[Fact]) -> None:
        """Name and value of each, below the table and beyond its filters. The table takes no more rows then."""
        self._last.end()
        self._last.append(())
        for fact in facts:
            self._last.append((fact.title, fact.value))

    def add_bars(self, title: str, of_column: int, anchor: str) -> None:
        """A chart of a column of numbers by the first column's names; columns count from 1."""
        last = min(self._last.table_rows, MAX_BARS + 1)
        if last < 2:
            return
        sheet = self._last.sheet
        chart = BarChart()
        chart.type = "bar"
        chart.title = title
        chart.legend = None
        chart.height, chart.width = 1.5 + 0.75 * last, 20
        chart.add_data(Reference(sheet, of_column, 1, of_column, last), titles_from_data=True)
        chart.set_categories(Reference(sheet, 1, 2, 1, last))
        chart.x_axis.scaling.orientation = "maxMin"
        # Without these two, recent versions of Excel hide the axes of charts that openpyxl made.
        chart.x_axis.delete = chart.y_axis.delete = False
        sheet.add_chart(chart, anchor)

    def _begin_sheet(self, position: int) -> None:
        number = len(self.sheets) + 1
        title = self._table.title if number == 1 else f"{self._table.title} {number}"
        file = tempfile.TemporaryFile(prefix="sheet-")  # noqa: SIM115 - closed when the workbook's context ends
        self._files.enter_context(file)
        self.sheets.append(_Sheet(self._book, self._table, title, position, file))


class _Sheet:
    """One sheet: openpyxl's, which has the header alone, and the rows to come below it.

    `rows` counts the header too; `table_rows` those that the filters hold, once `end` was called.
    """

    def __init__(self, book: Workbook, table: Table, title: str, position: int, file: BinaryIO) -> None:
        self.sheet = book.create_sheet(title, position)
        self.title = title
        self.rows = 1
        self.table_rows = 0
        self._file = file
        self._packed = gzip.GzipFile(filename="", mode="wb", compresslevel=1, fileobj=file)
        self._size = 0
        self._letters = [get_column_letter(number) for number in range(1, len(table.columns) + 1)]
        self.sheet.freeze_panes = "A2"
        for letter, column in zip(self._letters, table.columns, strict=True):
            self.sheet.column_dimensions[letter].width = column.width
            cell = self.sheet[f"{letter}1"]
            cell.value, cell.font, cell.fill = column.title, _BOLD, _HEADER_FILL
        date = Cell(self.sheet, row=1, column=1)
        date.number_format = DATE_FORMAT
        self._date_style = date.style_id

    def append(self, row: Row) -> None:
        self.rows += 1
        cells = "".join(
            self._cell(f"{letter}{self.rows}", value)
            for letter, value in zip(self._letters, row, strict=False)
            if value is not None
        )
        xml = f'<row r="{self.rows}">{cells}</row>'.encode()
        self._packed.write(xml)
        self._size += len(xml)

    def end(self) -> None:
        """Set the filters over the rows so far, unless they are set."""
        if not self.table_rows:
            self.table_rows = self.rows
            self.sheet.auto_filter.ref = f"A1:{self._letters[-1]}{self.rows}"

    def write_to(self, archive: ZipFile, name: str, frame: bytes) -> None:
        """Write the sheet's part: openpyxl's `frame` with the rows in it."""
        head, tail = frame.split(_ROWS_END)
        used = f'<dimension ref="A1:{self._letters[-1]}{self.rows}"/>'.encode()
        self._packed.close()
        self._file.seek(0)
        part = ZipInfo(name)
        part.compress_type = ZIP_DEFLATED
        part.file_size = len(frame) + self._size  # decides whether the part needs the ZIP64 form
        with archive.open(part, "w") as target, gzip.GzipFile(fileobj=self._file) as rows:
            target.write(_DIMENSION.sub(used, head))
            shutil.copyfileobj(rows, target, _COPIED_BYTES)
            target.write(_ROWS_END + tail)

    def _cell(self, at: str, value: Value) -> str:
        """An inline text is never taken for a formula or an error, whatever it begins with."""
        if isinstance(value, str):
            text = escape(cut(value))
            space = ' xml:space="preserve"' if text != text.strip() else ""
            return f'<c r="{at}" t="inlineStr"><is><t{space}>{text}</t></is></c>'
        if isinstance(value, bool):
            return f'<c r="{at}" t="b"><v>{value:d}</v></c>'
        if isinstance(value, datetime):
            return f'<c r="{at}" s="{self._date_style}"><v>{_serial(value)}</v></c>'
        return f'<c r="{at}"><v>{value}</v></c>'


def _serial(moment: datetime) -> float:
    """Days since the beginning of Excel's calendar."""
    return float(to_excel(naive_utc(moment)))  # type: ignore[no-untyped-call] # missing in openpyxl's stubs
