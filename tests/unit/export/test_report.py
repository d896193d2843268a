"""The report of a job, read back."""

import io
from datetime import datetime, timedelta
from typing import Any

from shared.export.content import Format, write_report
from shared.export.names import LicenseNames
from shared.export.report import ReportRows
from shared.models import (
    Action,
    AddedLicense,
    Counts,
    ExpiresIn,
    ItemError,
    ItemStatus,
    JobRequest,
    JobStatus,
    JobView,
    LicenseRequest,
    LocationChange,
)
from tests.unit.export.builders import (
    CATALOG,
    E3,
    E5,
    JOB,
    NOW,
    book,
    csv_rows,
    job,
    json_document,
    sheet_rows,
    user,
)

TITLES = [
    "Groups",
    "User",
    "User principal name",
    "User ID",
    "Outcome",
    "Reason",
    "Added",
    "Removed",
    "Usage location from",
    "Usage location to",
    "Expires (UTC)",
    "Error code",
    "Message",
    "Attempts",
    "Updated (UTC)",
    "Graph request ID",
    "Job ID",
]

VIEW: JobView = job(
    "Sales",
    "=R&D",
    status=JobStatus.FINISHED_WITH_EXCEPTION,
    total=2,
    counts=Counts(changed=1, failed=1),
    request=JobRequest(
        Action.ASSIGN, licenses=(LicenseRequest(E3), LicenseRequest(E5)), expires_in=ExpiresIn(3, "months")
    ),
)
ITEMS = [
    user(
        1,
        groups=(0, 1),
        status=ItemStatus.CHANGED,
        added=(
            AddedLicense(E3, expires_at=NOW + timedelta(days=2)),
            AddedLicense(E5, expires_at=NOW + timedelta(days=1)),
        ),
        removed=("00000000-aaaa-4000-8000-000000000009",),
        location=LocationChange(None, "DE"),
        attempts=2,
        updated_at=NOW,
    ),
    user(
        2,
        status=ItemStatus.FAILED,
        reason="NoAvailableLicenses",
        error=ItemError("NoAvailableLicenses", "=Buy\r\nmore.", "request-1"),
        attempts=1,
        updated_at=NOW,
    ),
]


def report(format_: Format, view: JobView = VIEW, items: Any = ITEMS) -> bytes:
    file = io.BytesIO()
    write_report(file, format_, ReportRows(view, LicenseNames(CATALOG)), items, NOW)
    return file.getvalue()


def test_what_happened_to_each_user() -> None:
    changed, failed = json_document(report("json"))["rows"]
    assert changed == {
        "groups": "Sales; =R&D",
        "user": "User 1",
        "userPrincipalName": "user1@contoso.com",
        "userId": "00000000-0000-4000-8000-000000000001",
        "outcome": "changed",
        "reason": None,
        "added": "Office 365 E3; Office 365 E5",
        "removed": "00000000-aaaa-4000-8000-000000000009",
        "usageLocationFrom": None,
        "usageLocationTo": "DE",
        "expiresAt": "2026-11-25T12:30:15Z",
        "errorCode": None,
        "message": None,
        "attempts": 2,
        "updatedAt": "2026-11-24T12:30:15Z",
        "graphRequestId": None,
        "jobId": JOB,
    }
    assert (failed["outcome"], failed["reason"]) == ("failed", "NoAvailableLicenses")
    assert (failed["message"], failed["graphRequestId"]) == ("=Buy more.", "request-1")


def test_the_same_rows_in_a_sheet_and_in_csv() -> None:
    sheet, in_csv = sheet_rows(report("xlsx"), "Users"), csv_rows(report("csv"))
    assert [list(row) for row in sheet] == [list(row) for row in in_csv] == [TITLES] * 2
    assert sheet[0]["Expires (UTC)"] == datetime(2026, 11, 25, 12, 30, 15)  # noqa: DTZ001 - Excel's
    assert in_csv[0]["Expires (UTC)"] == "2026-11-25 12:30:15"
    assert (sheet[0]["Attempts"], in_csv[0]["Attempts"]) == (2, "2")
    assert (sheet[1]["Message"], in_csv[1]["Message"]) == ("=Buy more.", "'=Buy more.")
    workbook = book(report("xlsx"))
    assert workbook.sheetnames == ["Users", "Job"]
    assert workbook["Users"]["M3"].data_type == "s"


def test_what_was_asked_and_how_it_stands() -> None:
    document = json_document(report("json"))
    assert list(document) == ["job", "rows"]
    facts = document["job"]
    assert facts["generatedAt"] == "2026-11-24T12:30:15Z"
    assert (facts["jobId"], facts["status"], facts["action"]) == (JOB, "FinishedWithException", "assign")
    assert (facts["changed"], facts["failed"], facts["total"]) == (1, 1, 2)
    assert (facts["licenses"], facts["expiresIn"]) == ("Office 365 E3; Office 365 E5", "3 months")
    assert facts["groups"] == "Sales (done); =R&D (done)"
    assert "secret-token" not in report("json").decode()
    shown = {row["Property"]: row["Value"] for row in sheet_rows(report("xlsx"), "Job")}
    assert (shown["Status"], shown["Changed"], shown["Job ID"]) == ("FinishedWithException", 1, JOB)


def test_a_job_of_nobody_has_a_report() -> None:
    assert json_document(report("json", items=[]))["rows"] == []
    assert csv_rows(report("csv", items=[])) == []
    assert sheet_rows(report("xlsx", items=[]), "Users") == []
