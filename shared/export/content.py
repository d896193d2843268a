"""An export or a report as a file of one of the formats."""

import gzip
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, Literal

from shared.export import xlsx_file
from shared.export.cells import Row
from shared.export.csv_file import write_csv
from shared.export.json_file import facts_json, write_rows
from shared.export.license_rows import LICENSES, USERS, ExportedUser, LicenseRows
from shared.export.report import ITEMS, JOB, ReportRows
from shared.export.summary import SUMMARY, USERS_COLUMN, Tally
from shared.export.xlsx_file import XlsxFile
from shared.models import Item, JobView

Format = Literal["xlsx", "csv", "json"]

CONTENT_TYPES: dict[Format, str] = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
    "json": "application/json; charset=utf-8",
}
COMPRESSED: frozenset[Format] = frozenset({"xlsx"})
"""Formats that gzip does not make smaller. The others shrink to a tenth or less."""

_COPIED_BYTES = 1024 * 1024


@contextmanager
def gzipped(file: BinaryIO) -> Iterator[BinaryIO]:
    """The file's content from its start, compressed, as another file on the disk."""
    with tempfile.TemporaryFile(prefix="export-") as small:
        file.seek(0)
        with gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=small) as target:
            shutil.copyfileobj(file, target, _COPIED_BYTES)
        yield small


@dataclass(frozen=True)
class ExportContent:
    """`job` as it is before it ends."""

    job: JobView
    rows: LicenseRows
    generated_at: datetime
    max_sheet_rows: int = xlsx_file.MAX_SHEET_ROWS

    def write(self, file: BinaryIO, format_: Format, chunks: Iterable[list[Item]]) -> None:
        """Reads the chunks once.

        Raises:
            PassingGraphError: names of groups cannot be read now.
        """
        tally = Tally()
        users = self.rows.users(tally.counted(chunks))
        match format_:
            case "xlsx":
                self._write_xlsx(file, users, tally)
            case "csv":
                write_csv(file, LICENSES, _licenses(users))
            case "json":
                self._write_json(file, users, tally)

    def _write_xlsx(self, file: BinaryIO, users: Iterable[ExportedUser], tally: Tally) -> None:
        with XlsxFile(self.max_sheet_rows) as book:
            summary, people, licenses = book.sheet(SUMMARY), book.sheet(USERS), book.sheet(LICENSES)
            for user in users:
                people.append(user.row)
                for row in user.licenses:
                    licenses.append(row)
            for row in tally.rows(self.rows.licenses):
                summary.append(row)
            summary.add_facts(tally.facts(self.job, self.generated_at))
            summary.add_bars("Users by license", USERS_COLUMN, "J2")
            book.save(file)

    def _write_json(self, file: BinaryIO, users: Iterable[ExportedUser], tally: Tally) -> None:
        """The summary comes first but is known last, so the rows wait on the disk."""
        with tempfile.TemporaryFile() as rows:
            write_rows(rows, LICENSES, _licenses(users))
            file.write(b'{"summary": ')
            write_rows(file, SUMMARY, tally.rows(self.rows.licenses))
            file.write(b', "rows": ')
            rows.seek(0)
            shutil.copyfileobj(rows, file, _COPIED_BYTES)
            file.write(b"}\n")


def _licenses(users: Iterable[ExportedUser]) -> Iterator[Row]:
    for user in users:
        yield from user.licenses


def write_report(
    file: BinaryIO, format_: Format, report: ReportRows, items: Iterable[Item], generated_at: datetime
) -> None:
    """The users of a job, and in XLSX and JSON the job itself."""
    match format_:
        case "xlsx":
            _write_xlsx_report(file, report, items, generated_at)
        case "csv":
            write_csv(file, ITEMS, report.rows(items))
        case "json":
            file.write(b'{"job": ' + facts_json(report.facts(generated_at)) + b', "rows": ')
            write_rows(file, ITEMS, report.rows(items))
            file.write(b"}\n")


def _write_xlsx_report(
    file: BinaryIO, report: ReportRows, items: Iterable[Item], generated_at: datetime
) -> None:
    with XlsxFile() as book:
        users, job = book.sheet(ITEMS), book.sheet(JOB)
        for row in report.rows(items):
            users.append(row)
        for fact in report.facts(generated_at):
            job.append((fact.title, fact.value))
        book.save(file)
