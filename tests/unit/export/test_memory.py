"""Memory does not grow with the users: 100,000 of them through each writer, in a process of its own."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import chain

import psutil
import pytest

from shared.export.content import ExportContent, write_report
from shared.export.license_rows import LicenseRows
from shared.export.names import GroupNames, LicenseNames
from shared.export.report import ReportRows
from shared.models import HeldLicense, Item
from tests.support.process import ROOT
from tests.unit.export.builders import CATALOG, E3, E5, GIVER, NOW, job, user

USERS = 100_000
CHUNK = 200
MEBIBYTE = 1024 * 1024
GROWTH_LIMIT = 40 * MEBIBYTE
"""Of the 250 MiB that a host may use in all; a list of these users alone would take more."""


def chunks() -> Iterator[list[Item]]:
    held = (HeldLicense(E3, expires_at=NOW), HeldLicense(E5, direct=False, inherited_from=(GIVER,)))
    for first in range(0, USERS, CHUNK):
        # one license on the average, so that the slowest of the formats takes half a minute at most
        yield [user(number, *held[: number % 3]) for number in range(first, first + CHUNK)]


def write(what: str, users: Iterator[list[Item]]) -> int:
    """Write the file named; its size."""
    rows = LicenseRows(
        ["Sales"], LicenseNames(CATALOG), GroupNames(lambda ids: dict.fromkeys(ids, "Staff"), {})
    )
    with tempfile.TemporaryFile() as file:
        match what:
            case "csv" | "json" | "xlsx" as format_:
                ExportContent(job("Sales"), rows, NOW).write(file, format_, users)
            case _:
                report = ReportRows(job("Sales"), LicenseNames(CATALOG))
                write_report(file, "json", report, chain.from_iterable(users), NOW)
        return file.seek(0, 2)


def measure(what: str) -> None:
    """Print the file's size and by how many bytes the process grew at most, looked at after each chunk."""
    process = psutil.Process()
    before = peak = process.memory_info().rss

    def watched() -> Iterator[list[Item]]:
        nonlocal peak
        for chunk in chunks():
            peak = max(peak, process.memory_info().rss)
            yield chunk

    size = write(what, watched())
    print(size, max(peak, process.memory_info().rss) - before)


@pytest.mark.parametrize("what", ["csv", "json", "xlsx", "report"])
def test_memory_stays_flat(what: str) -> None:
    line = [sys.executable, "-c", f"from tests.unit.export.test_memory import measure; measure({what!r})"]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=True)
    size, growth = map(int, done.stdout.split())
    assert size > 4 * MEBIBYTE, "the file does not hold all users"
    assert growth < GROWTH_LIMIT
