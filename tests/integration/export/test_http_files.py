"""A job's report and an export's file over HTTP."""

import base64
import gzip
import json
from dataclasses import replace
from typing import Any

import azure.functions as func
import pytest
from azure.functions.http import HttpRequest

from handlers.endpoint import EndpointSettings, endpoint
from handlers.http_files import FileHandlers
from shared.jobs.records import Phase
from shared.models import AddedLicense, ExportRequest, ItemStatus, JobStatus
from shared.storage.connection import EXPORT_CONTAINER
from tests.integration.export.conftest import Desk, download, to_blob
from tests.unit.export.builders import NOW, csv_rows, json_document, sheet_rows

DOOR = EndpointSettings("entra", platform_auth_on=True)
CLAIMS = {
    "auth_typ": "aad",
    "claims": [{"typ": "oid", "val": "lee"}, {"typ": "roles", "val": "Licenses.Read"}],
}
READER = {"X-MS-CLIENT-PRINCIPAL": base64.b64encode(json.dumps(CLAIMS).encode()).decode()}
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def get(desk: Desk, route: str, job_id: str, accept: str | None = None, **params: str) -> func.HttpResponse:
    headers = READER | ({"Accept-Encoding": accept} if accept else {})
    url = f"https://licenses.contoso.com/api/jobs/{job_id}/file"
    request = HttpRequest(
        "GET",
        url,
        headers=headers,
        params=params,
        route_params={"id": job_id},
        body_type="bytes",
        body=b"",
    )
    handlers = dict(FileHandlers(desk.app).handlers())
    return endpoint(route, handlers[route], DOOR)(request)


def error_of(response: func.HttpResponse) -> tuple[int, str]:
    return response.status_code, json.loads(response.get_body())["error"]["code"]


@pytest.mark.parametrize(
    ("format_", "content_type"),
    [("xlsx", XLSX), ("csv", "text/csv; charset=utf-8"), ("json", "application/json; charset=utf-8")],
)
@pytest.mark.parametrize("accept", [None, "gzip, deflate", "br;q=1, GZIP;q=0.5", "gzip;q=0, identity"])
def test_the_file_of_a_download(desk: Desk, format_: str, content_type: str, accept: str | None) -> None:
    job_id = desk.job(download(format_))
    desk.exporter.write(job_id)
    response = get(desk, "GetJobFile", job_id, accept)
    assert response.status_code == 200
    assert response.headers["Content-Type"] == content_type
    name = f"licenses-{job_id}.{format_}"
    assert response.headers["Content-Disposition"] == f'attachment; filename="{name}"'
    content = response.get_body()
    packed = format_ != "xlsx" and accept is not None and "gzip;q=0," not in accept
    assert response.headers.get("Content-Encoding") == ("gzip" if packed else None)
    content = gzip.decompress(content) if packed else content
    assert len(_rows(content, format_, "Licenses")) == 3


def _rows(content: bytes, format_: str, sheet: str) -> list[Any]:
    if format_ == "xlsx":
        return list(sheet_rows(content, sheet))
    return list(csv_rows(content)) if format_ == "csv" else list(json_document(content)["rows"])


@pytest.mark.parametrize(
    ("export", "phase", "status", "expected"),
    [
        (download(), Phase.RUNNING, JobStatus.IN_PROGRESS, (409, "FileNotReady")),
        (download(), Phase.WRITING_FILE, JobStatus.IN_PROGRESS, (409, "FileNotReady")),
        (download(), Phase.ENDED, JobStatus.FAILED, (404, "FileNotHere")),
        (to_blob("elsewhere"), Phase.ENDED, JobStatus.FINISHED, (404, "FileNotHere")),
        (to_blob("elsewhere"), Phase.RUNNING, JobStatus.IN_PROGRESS, (404, "FileNotHere")),
        (None, Phase.ENDED, JobStatus.FINISHED, (404, "FileNotHere")),
    ],
)
def test_no_file_here_or_not_yet(
    desk: Desk, export: ExportRequest | None, phase: Phase, status: JobStatus, expected: tuple[int, str]
) -> None:
    job_id = desk.job(export, phase=phase, status=status)
    assert error_of(get(desk, "GetJobFile", job_id)) == expected


def test_a_file_that_is_gone(desk: Desk) -> None:
    job_id = desk.job(download())
    desk.exporter.write(job_id)
    container = desk.app.storage.blob_service.get_container_client(EXPORT_CONTAINER)
    container.delete_blob(str(desk.record(job_id).file))
    assert error_of(get(desk, "GetJobFile", job_id)) == (404, "FileNotHere")


@pytest.mark.parametrize("route", ["GetJobFile", "GetJobReport"])
def test_a_job_that_is_not_there(desk: Desk, route: str) -> None:
    missing = "00000000-0000-4000-8000-000000000000"
    assert error_of(get(desk, route, missing)) == (404, "JobNotFound")


@pytest.mark.parametrize("format_", [None, "xlsx", "csv", "json"])
@pytest.mark.parametrize("accept", [None, "gzip"])
def test_the_report_of_a_job_at_any_time(desk: Desk, format_: str | None, accept: str | None) -> None:
    changed, pending, third = desk.users(3)
    changed = replace(
        changed, status=ItemStatus.CHANGED, added=(AddedLicense(desk.sku_id),), attempts=1, updated_at=NOW
    )
    pending = replace(pending, status=ItemStatus.PENDING, before=None)
    job_id = desk.job(None, [changed, pending, third], phase=Phase.RUNNING)

    response = get(desk, "GetJobReport", job_id, accept, **({"format": format_} if format_ else {}))
    assert response.status_code == 200
    kind = format_ or "xlsx"
    name = f"report-{job_id}.{kind}"
    assert response.headers["Content-Disposition"] == f'attachment; filename="{name}"'
    content = response.get_body()
    if response.headers.get("Content-Encoding") == "gzip":
        content = gzip.decompress(content)
    rows = _rows(content, kind, "Users")
    assert [row.get("Outcome", row.get("outcome")) for row in rows] == ["changed", "pending", "unchanged"]
    assert rows[0].get("Added", rows[0].get("added")) == "Office 365 E3"


def test_a_report_before_its_users_are_known(desk: Desk) -> None:
    job_id = desk.job(download(), [], phase=Phase.EXPANDING)
    document = json_document(get(desk, "GetJobReport", job_id, format="json").get_body())
    assert document["rows"] == []
    assert document["job"]["status"] == "InProgress"


def test_what_is_to_be_done_again_counts_as_pending(desk: Desk) -> None:
    failed = replace(desk.users(1)[0], status=ItemStatus.FAILED, reason="Unexpected")
    job_id = desk.job(None, [failed], phase=Phase.RUNNING)
    record = desk.record(job_id)
    record.run = 1
    desk.app.services.jobs.save(record)
    (row,) = json_document(get(desk, "GetJobReport", job_id, format="json").get_body())["rows"]
    assert (row["outcome"], row["reason"]) == ("pending", None)


def test_an_unknown_format_is_a_fault(desk: Desk) -> None:
    job_id = desk.job(None, phase=Phase.RUNNING)
    assert error_of(get(desk, "GetJobReport", job_id, format="pdf")) == (400, "InvalidRequest")


def test_a_report_does_without_graph(desk: Desk) -> None:
    job_id = desk.job(None, phase=Phase.RUNNING)
    desk.graph.control.add_faults({"kind": "status", "path": "subscribedSkus", "status": 503})
    assert get(desk, "GetJobReport", job_id, format="csv").status_code == 200
