"""The file of an export, read back."""

from collections.abc import Iterable
from datetime import datetime
from io import BytesIO
from typing import Any

import psutil
import pytest
from openpyxl import load_workbook

from shared.errors import PassingGraphError
from shared.export.content import ExportContent
from shared.export.license_rows import LicenseRows
from shared.export.names import GroupNames, LicenseNames
from shared.models import HeldLicense, Item, ItemStatus
from tests.unit.export.builders import (
    CATALOG,
    E3,
    E5,
    ENDED,
    GIVER,
    JOB,
    NOW,
    book,
    csv_rows,
    export,
    job,
    json_document,
    sheet_rows,
    sku,
    unread,
    user,
)

TITLES = [
    "Groups",
    "User",
    "User principal name",
    "User ID",
    "Enabled",
    "Type",
    "Usage location",
    "License",
    "SKU part number",
    "SKU ID",
    "Assignment",
    "Temporary until (UTC)",
    "State",
    "Error",
]
KEYS = [
    "groups",
    "user",
    "userPrincipalName",
    "userId",
    "enabled",
    "type",
    "usageLocation",
    "license",
    "skuPartNumber",
    "skuId",
    "assignment",
    "temporaryUntil",
    "state",
    "error",
]

E3_DIRECT = HeldLicense(E3)
E3_BOTH_WAYS = HeldLicense(E3, inherited_from=(GIVER, ENDED), expires_at=NOW)
E5_INHERITED = HeldLicense(E5, direct=False, inherited_from=(GIVER,))
USERS = [
    user(1, E3_BOTH_WAYS, E5_INHERITED, groups=(0, 1)),
    user(2, E3_DIRECT, account_enabled=False, user_type="Guest"),
    user(3),
    unread(),
]
OPTIONS: dict[str, Any] = {"groups": ("Sales", "R&D"), "names": {GIVER: "All staff"}}

NASTY = [
    "=cmd|' /C calc'!A0",
    " +1",
    "-1",
    "@SUM(A1:A9)",
    "#N/A",
    "#REF!",
    '"a;b"',
    "a,b",
    "<b>&amp;]]></b>",
    "line\r\nbreak",
    "\ttab",
    "nul\x00l",
    "👩‍💻 Zoë",
    "مرحبا \u202eevil",
    "x" * 40_000,
]


def test_a_row_for_each_user_and_license_in_every_format() -> None:
    rows = json_document(export("json", USERS, **OPTIONS))["rows"]
    assert [list(row) for row in rows] == [KEYS] * 5
    assert rows[0] == {
        "groups": "Sales; R&D",
        "user": "User 1",
        "userPrincipalName": "user1@contoso.com",
        "userId": "00000000-0000-4000-8000-000000000001",
        "enabled": True,
        "type": "Member",
        "usageLocation": "DE",
        "license": "Office 365 E3",
        "skuPartNumber": "ENTERPRISEPACK",
        "skuId": E3,
        "assignment": f"Direct; Inherited (All staff, {ENDED})",
        "temporaryUntil": "2026-11-24T12:30:15Z",
        "state": "Active",
        "error": None,
    }
    assert rows[1]["assignment"] == "Inherited (All staff)"
    assert (rows[2]["assignment"], rows[2]["enabled"], rows[2]["type"]) == ("Direct", False, "Guest")
    assert [rows[3][key] for key in KEYS[7:]] == [None] * 7
    assert (rows[4]["state"], rows[4]["error"]) == ("Failed", "The user does not exist any more.")
    assert [rows[4][key] for key in KEYS[6:12]] == [None] * 6

    sheet = sheet_rows(export("xlsx", USERS, **OPTIONS), "Licenses")
    in_csv = csv_rows(export("csv", USERS, **OPTIONS))
    assert [list(row) for row in sheet] == [list(row) for row in in_csv] == [TITLES] * 5
    for row, cells, texts in zip(rows, sheet, in_csv, strict=True):
        times = {"temporaryUntil": datetime(2026, 11, 24, 12, 30, 15)} if row["temporaryUntil"] else {}  # noqa: DTZ001 - Excel's
        assert list(cells.values()) == list((row | times).values())
        assert list(texts.values()) == [_csv_text(value) for value in (row | times).values()]


def _csv_text(value: object) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def test_the_summary_counts_users_by_license() -> None:
    document = json_document(export("json", USERS, **OPTIONS))
    assert list(document) == ["summary", "rows"]
    assert document["summary"] == [
        {
            "license": "Office 365 E3",
            "skuPartNumber": "ENTERPRISEPACK",
            "skuId": E3,
            "users": 2,
            "direct": 2,
            "inherited": 1,
            "temporary": 1,
            "available": 6,
        },
        {
            "license": "Office 365 E5",
            "skuPartNumber": "ENTERPRISEPREMIUM",
            "skuId": E5,
            "users": 1,
            "direct": 0,
            "inherited": 1,
            "temporary": 0,
            "available": 6,
        },
    ]
    sheet = sheet_rows(export("xlsx", USERS, **OPTIONS), "Summary")
    assert [list(row.values()) for row in sheet] == [list(row.values()) for row in document["summary"]]


def test_the_summary_says_what_the_export_is_of() -> None:
    summary = book(export("xlsx", USERS, **OPTIONS))["Summary"]
    facts = {row[0]: row[1] for row in summary.iter_rows(min_row=5, max_col=2, values_only=True)}
    assert facts["Job ID"] == JOB
    assert facts["Generated (UTC)"] == datetime(2026, 11, 24, 12, 30, 15)  # noqa: DTZ001 - Excel's
    assert facts["Groups"] == "Sales; R&D"
    assert facts["Requested by"] == "Megan"
    assert facts["Guests included"] is True
    assert [facts[name] for name in ("Users", "Users without licenses", "Users not read")] == [4, 1, 1]


def test_one_row_a_user_on_the_sheet_of_users() -> None:
    rows = sheet_rows(export("xlsx", USERS, **OPTIONS), "Users")
    assert [row["User"] for row in rows] == ["User 1", "User 2", "User 3", "User 9"]
    assert [row["Number of licenses"] for row in rows] == [2, 1, 0, None]
    assert rows[0]["Licenses"] == "Office 365 E3; Office 365 E5"
    assert [row["State"] for row in rows] == ["Licensed", "Licensed", "Unlicensed", "Failed"]


def test_sheets_have_a_frozen_header_filters_widths_and_a_chart() -> None:
    content = export("xlsx", USERS, **OPTIONS)
    workbook, read_only = book(content), load_workbook(BytesIO(content), read_only=True)
    assert workbook.sheetnames == ["Summary", "Users", "Licenses"]
    for title, filtered in (("Summary", "A1:H3"), ("Users", "A1:K5"), ("Licenses", "A1:N6")):
        sheet = workbook[title]
        assert sheet.freeze_panes == "A2"
        assert sheet.auto_filter.ref == filtered
        assert read_only[title].calculate_dimension() == (filtered if title != "Summary" else "A1:H15")
        assert all(sheet.column_dimensions[letter].width >= 10 for letter in "ABCDEFGH")
        assert all(cell.font.b for cell in sheet[1])
    licenses = workbook["Licenses"]
    assert licenses["L2"].number_format == "yyyy-mm-dd hh:mm:ss"
    assert licenses["L2"].is_date
    assert licenses["E2"].data_type == "b"
    summary: Any = workbook["Summary"]
    assert len(summary._charts) == 1


@pytest.mark.parametrize("name", NASTY)
def test_no_name_runs_or_breaks_the_file(name: str) -> None:
    one_line = name.replace("\r\n", " ").replace("\t", " ").replace("\x00", "")
    item = user(1, HeldLicense(E3, inherited_from=(GIVER,)), display_name=name, user_principal_name=name)
    options: dict[str, Any] = {"groups": (name,), "names": {GIVER: name}}

    workbook = book(export("xlsx", [item], **options))
    kinds = {cell.data_type for sheet in workbook for row in sheet.iter_rows() for cell in row}
    assert kinds <= {"s", "n", "b", "d"}
    assert workbook["Licenses"]["B2"].value == one_line[:32_767]
    assert workbook["Licenses"]["K2"].value == f"Direct; Inherited ({one_line})"[:32_767]

    content = export("csv", [item], **options)
    assert content.startswith(b'\xef\xbb\xbf"Groups"')
    assert content.count(b"\n") == content.count(b"\r\n") == 2
    shown = csv_rows(content)[0]["User"]
    assert shown.removeprefix("'") == one_line
    assert shown.startswith("'") is (one_line.lstrip()[0] in "=+-@")

    assert json_document(export("json", [item], **options))["rows"][0]["user"] == one_line


def test_every_field_of_a_csv_file_is_quoted() -> None:
    lines = export("csv", USERS, **OPTIONS).decode("utf-8-sig").split("\r\n")
    assert lines[2].startswith('"Sales; R&D","User 1",')
    assert lines[4].endswith('"DE","","","","","","",""')
    assert lines[-1] == ""


def test_a_table_goes_on_on_another_sheet() -> None:
    items = [user(number, E3_DIRECT, E5_INHERITED) for number in range(1, 6)]
    workbook = book(export("xlsx", items, max_sheet_rows=5, **OPTIONS))
    assert workbook.sheetnames == ["Summary", "Users", "Users 2", "Licenses", "Licenses 2", "Licenses 3"]
    found = [
        row[1]
        for title in ("Licenses", "Licenses 2", "Licenses 3")
        for row in workbook[title].iter_rows(min_row=2, values_only=True)
    ]
    assert found == [f"User {number}" for number in (1, 1, 2, 2, 3, 3, 4, 4, 5, 5)]
    for title, last in (("Licenses", 5), ("Licenses 2", 5), ("Licenses 3", 3), ("Users 2", 2)):
        sheet = workbook[title]
        assert [cell.value for cell in sheet[1]] == [cell.value for cell in workbook[title.split()[0]][1]]
        assert sheet.freeze_panes == "A2"
        assert str(sheet.auto_filter.ref).endswith(str(last))


@pytest.mark.parametrize("format_", ["xlsx", "csv", "json"])
def test_an_export_of_nobody_is_a_file_all_the_same(format_: Any) -> None:
    content = export(format_, [])
    if format_ == "xlsx":
        assert sheet_rows(content, "Licenses") == []
    elif format_ == "csv":
        assert csv_rows(content) == []
    else:
        assert json_document(content) == {"summary": [], "rows": []}


@pytest.mark.parametrize(
    ("catalog", "expected"),
    [
        ({ENDED: sku(ENDED, "TRIAL_PACK")}, ("TRIAL_PACK", "TRIAL_PACK", "Active", 6)),
        (
            {ENDED: sku(ENDED, "TRIAL_PACK", capability_status="Warning")},
            ("TRIAL_PACK", "TRIAL_PACK", "Active", 6),
        ),
        (
            {ENDED: sku(ENDED, "TRIAL_PACK", capability_status="Suspended")},
            ("TRIAL_PACK", "TRIAL_PACK", "Suspended", 0),
        ),
        ({}, (ENDED, None, "Deleted", None)),
    ],
)
def test_licenses_that_ended_or_have_no_known_name(catalog: Any, expected: tuple[Any, ...]) -> None:
    document = json_document(export("json", [user(1, HeldLicense(ENDED))], catalog=catalog))
    row = document["rows"][0]
    found = (row["license"], row["skuPartNumber"], row["state"], document["summary"][0]["available"])
    assert (*found, row["skuId"]) == (*expected, ENDED)


def test_a_user_whose_turn_did_not_come_says_so() -> None:
    item = user(1, read=False, status=ItemStatus.CANCELED)
    assert json_document(export("json", [item]))["rows"][0]["state"] == "Canceled"


def test_a_workbook_given_up_leaves_no_file_open() -> None:
    def chunks() -> Iterable[list[Item]]:
        yield [user(1, E3_DIRECT)]
        raise PassingGraphError("Throttled", "Busy.")

    process = psutil.Process()
    before = process.num_fds()
    rows = LicenseRows(["Sales"], LicenseNames(CATALOG), GroupNames(lambda _: {}, {}))
    with pytest.raises(PassingGraphError):
        ExportContent(job("Sales"), rows, NOW).write(BytesIO(), "xlsx", chunks())
    export("xlsx", USERS, **OPTIONS)
    assert process.num_fds() == before
