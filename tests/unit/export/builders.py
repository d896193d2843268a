"""Users, licenses and jobs for files."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from openpyxl import Workbook, load_workbook

from shared.export.content import ExportContent, Format
from shared.export.license_rows import LicenseRows
from shared.export.names import GroupNames, LicenseNames
from shared.models import (
    Action,
    Before,
    Caller,
    Catalog,
    GroupStatus,
    HeldLicense,
    Item,
    ItemError,
    ItemStatus,
    JobGroup,
    JobRequest,
    JobStatus,
    JobView,
    Sku,
)

NOW = datetime(2026, 11, 24, 12, 30, 15, tzinfo=UTC)
JOB = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
E3 = "6fd2c87f-b296-42f0-b197-1e91e994b900"
E5 = "c7df2760-2c81-4ef7-b578-5b5392b571df"
ENDED = "00000000-aaaa-4000-8000-000000000001"
GIVER = "00000000-bbbb-4000-8000-000000000001"


def sku(sku_id: str, part_number: str, **options: Any) -> Sku:
    values: dict[str, Any] = {
        "capability_status": "Enabled",
        "applies_to": "User",
        "enabled": 10,
        "warning": 0,
        "suspended": 0,
        "locked_out": 0,
        "consumed": 4,
    }
    return Sku(sku_id, part_number, **(values | options))


CATALOG: Catalog = {E3: sku(E3, "ENTERPRISEPACK"), E5: sku(E5, "ENTERPRISEPREMIUM")}


def user(number: int = 1, *held: HeldLicense, read: bool = True, **options: Any) -> Item:
    """A user that was read and holds these licenses, or one that was not read."""
    values: dict[str, Any] = {
        "groups": (0,),
        "status": ItemStatus.UNCHANGED if read else ItemStatus.FAILED,
        "before": Before(held, "DE") if read else None,
    }
    name = {"user_principal_name": f"user{number}@contoso.com", "display_name": f"User {number}"}
    return Item(user_id=f"00000000-0000-4000-8000-{number:012d}", **(name | values | options))


def unread(code: str = "UserNotFound", message: str = "The user does not exist any more.") -> Item:
    return user(9, read=False, error=ItemError(code, message), reason=code)


def job(*group_names: str, **options: Any) -> JobView:
    groups = tuple(
        JobGroup(f"group-{number}", name, GroupStatus.DONE, 1) for number, name in enumerate(group_names)
    )
    values: dict[str, Any] = {
        "status": JobStatus.IN_PROGRESS,
        "request": JobRequest(Action.EXPORT),
        "created_at": NOW,
        "created_by": Caller("Megan", "user", "user::megan"),
        "wait_token": "secret-token",
        "groups": groups,
    }
    return JobView(job_id=JOB, **(values | options))


def export(
    format_: Format,
    items: Sequence[Item],
    *,
    groups: Sequence[str] = ("Sales",),
    names: dict[str, str] | None = None,
    catalog: Catalog = CATALOG,
    max_sheet_rows: int = 1_048_576,
) -> bytes:
    """The file of an export of these users."""
    found = names or {}
    rows = LicenseRows(
        list(groups),
        LicenseNames(catalog),
        GroupNames(lambda ids: {id_: found[id_] for id_ in ids if id_ in found}, {}),
    )
    file = io.BytesIO()
    ExportContent(job(*groups), rows, NOW, max_sheet_rows).write(file, format_, [list(items)])
    return file.getvalue()


def book(content: bytes) -> Workbook:
    return load_workbook(io.BytesIO(content))


def sheet_rows(content: bytes, title: str) -> list[dict[str, Any]]:
    """The rows of a sheet by the titles of its columns, up to the first empty one."""
    rows: Iterable[tuple[Any, ...]] = book(content)[title].iter_rows(values_only=True)
    header, *body = rows
    return [dict(zip(header, row, strict=True)) for row in body[: _filled(body)]]


def _filled(rows: Sequence[tuple[Any, ...]]) -> int:
    return next((at for at, row in enumerate(rows) if not any(value is not None for value in row)), len(rows))


def csv_rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def json_document(content: bytes) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(content)
    return document
