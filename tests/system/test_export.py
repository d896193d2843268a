"""Exports and reports, end to end: HTTP, queues, Graph, files."""

import csv
import io
import json
from typing import Any

import pytest
from azure.storage.blob import BlobServiceClient
from openpyxl import load_workbook

from tests.support.eventually import eventually
from tests.support.principals import READER
from tests.support.system import System
from tests.system.tenants import OFFICE_E3, VISIO, Tenant, mixed_tenant

Json = dict[str, Any]
pytestmark = pytest.mark.system

DRIVE = {"kind": "sharepoint", "driveId": "b!drive-1", "folderPath": "/Reports/Licenses"}


@pytest.fixture
def tenant(system: System) -> Tenant:
    return mixed_tenant(system.graph.control)


def request(
    tenant: Tenant, *groups: str, format_: str = "json", location: Json | None = None, **more: Any
) -> Json:
    export = {"format": format_} | ({"location": location} if location else {})
    group_ids = [tenant.groups[name] for name in groups or ("Europe", "Berlin")]
    return {"action": "export", "groupIds": group_ids, "export": export, **more}


def download(system: System, job: Json) -> bytes:
    answer = system.api.get(job["links"]["file"])
    assert answer.status_code == 200, answer.text
    return answer.content


def exported(system: System, body: Json) -> list[Json]:
    rows: list[Json] = json.loads(download(system, system.api.run(body, status="Finished")))["rows"]
    return rows


def blob_service(system: System) -> BlobServiceClient:
    return BlobServiceClient.from_connection_string(system.azurite.connection_string)


def test_who_holds_what(system: System, tenant: Tenant) -> None:
    rows = exported(system, request(tenant))
    found = {(row["user"], row["license"]): (row["groups"], row["assignment"]) for row in rows}
    inherited = "Inherited (Visio by group)"
    assert found == {
        ("none", None): ("Europe; Berlin", None),
        ("direct", "Visio Plan 2"): ("Europe; Berlin", "Direct"),
        ("inherited", "Visio Plan 2"): ("Europe", inherited),
        ("both", "Visio Plan 2"): ("Europe", f"Direct; {inherited}"),
        ("office", "Office 365 E3"): ("Europe", "Direct"),
        ("office and visio", "Office 365 E3"): ("Berlin", "Direct"),
        ("office and visio", "Visio Plan 2"): ("Berlin", "Direct"),
        ("no location", None): ("Europe", None),
        ("guest", None): ("Europe", None),
        ("disabled", None): ("Berlin", None),
    }
    by_user = {row["user"]: row for row in rows}
    assert by_user["guest"]["type"] == "Guest"
    assert by_user["disabled"]["enabled"] is False
    assert by_user["no location"]["usageLocation"] is None
    assert by_user["direct"]["userId"] == tenant.users["direct"]


def test_the_three_formats_agree(system: System, tenant: Tenant) -> None:
    files = {
        format_: download(system, system.api.run(request(tenant, format_=format_), status="Finished"))
        for format_ in ("xlsx", "csv", "json")
    }
    in_json = json.loads(files["json"])
    in_csv = list(csv.DictReader(io.StringIO(files["csv"].decode("utf-8-sig"), newline="")))
    workbook = load_workbook(io.BytesIO(files["xlsx"]))
    assert workbook.sheetnames == ["Summary", "Users", "Licenses"]
    in_xlsx = list(workbook["Licenses"].iter_rows(min_row=2, values_only=True))
    assert [row[3:5] for row in in_xlsx] == [(row["userId"], row["enabled"]) for row in in_json["rows"]]
    assert [row["SKU ID"] for row in in_csv] == [row["skuId"] or "" for row in in_json["rows"]]
    assert workbook["Users"].max_row == 10
    totals = {
        row["skuId"]: [row[key] for key in ("users", "direct", "inherited")] for row in in_json["summary"]
    }
    assert totals == {VISIO: [4, 3, 2], OFFICE_E3: [2, 2, 0]}


def test_temporary_licenses_show_their_end(system: System, tenant: Tenant) -> None:
    body = {"action": "assign", "groupIds": [tenant.groups["Berlin"]], "licenses": [{"skuId": OFFICE_E3}]}
    system.api.run(body | {"expiresIn": {"value": 3, "unit": "days"}})
    (grant,) = [grant for grant in system.api.grants() if grant["user"]["id"] == tenant.users["none"]]
    rows = exported(system, request(tenant, "Berlin"))
    ends = {row["user"]: row["temporaryUntil"] for row in rows if row["skuId"] == OFFICE_E3}
    assert ends["none"] == grant["expiresAt"]
    assert ends["office and visio"] is None


def test_guests_and_disabled_accounts_may_be_left_out(system: System, tenant: Tenant) -> None:
    rows = exported(system, request(tenant, include={"guests": False, "disabled": False}))
    assert {"guest", "disabled"}.isdisjoint(row["user"] for row in rows)
    assert len({row["user"] for row in rows}) == 7


def test_a_group_of_nobody_makes_a_file_without_rows(system: System, tenant: Tenant) -> None:
    assert exported(system, request(tenant, "Nobody")) == []


def test_to_a_blob(system: System, tenant: Tenant) -> None:
    location = {"kind": "blob", "container": "exports", "path": "today/licenses.csv"}
    for _ in range(2):  # the second in place of the first
        job = system.api.run(request(tenant, format_="csv", location=location), status="Finished")
    assert job["links"]["file"].endswith("/exports/today/licenses.csv")
    with blob_service(system) as blobs:
        container = blobs.get_container_client("exports")
        assert [blob.name for blob in container.list_blobs()] == ["today/licenses.csv"]
        text = container.download_blob("today/licenses.csv").readall().decode("utf-8-sig")
    assert len(list(csv.reader(io.StringIO(text, newline="")))) == 11
    answer = system.api.get(f"jobs/{job['id']}/file")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "FileNotHere")


def test_to_sharepoint_although_it_fails_at_first(system: System, tenant: Tenant) -> None:
    fault = {"kind": "status", "path": "createUploadSession", "status": 503, "times": 2}
    system.control.add_faults(fault)
    job = system.api.run(request(tenant, location=DRIVE), status="Finished")
    (file,) = system.control.files()
    assert file["path"] == f"/Reports/Licenses/licenses-{job['id']}.json"
    assert job["links"]["file"] == f"https://contoso.sharepoint.com{file['path']}"
    assert len(json.loads(system.control.file("b!drive-1", file["path"]))["rows"]) == 10


def test_a_drive_that_is_not_there_fails_the_job_until_it_is_started_again(
    system: System, tenant: Tenant
) -> None:
    fault = {"kind": "status", "path": "createUploadSession", "status": 404, "code": "itemNotFound"}
    system.control.add_faults(fault)
    job = system.api.run(request(tenant, location=DRIVE), status="Failed")
    assert "driveId" in job["error"]["message"]
    assert job["links"]["file"] is None
    system.control.clear_faults()
    system.api.start(job["id"])
    again = system.api.wait(job["id"], status="Finished")
    assert (again["error"], len(system.control.files())) == (None, 1)


def test_a_host_killed_while_it_stores_the_file_leaves_one_whole_file(system: System, tenant: Tenant) -> None:
    system.control.add_faults({"kind": "hang", "path": "createUploadSession", "times": 1})
    job = system.api.submit(request(tenant, location=DRIVE))
    eventually(lambda: system.control.faults()[0]["hits"], what="the upload")
    system.host.kill()
    system.host.start()
    ended = system.api.wait(job["id"], status="Finished")
    (file,) = system.control.files()
    rows = json.loads(system.control.file("b!drive-1", file["path"]))["rows"]
    assert len(rows) == 10
    assert ended["links"]["file"]


def test_a_user_deleted_meanwhile_has_a_row_that_says_so(system: System, tenant: Tenant) -> None:
    fault = {
        "kind": "status",
        "path": f"/users/{tenant.users['direct']}",
        "scope": "subrequest",
        "status": 404,
        "code": "Request_ResourceNotFound",
    }
    system.control.add_faults(fault)
    job = system.api.run(request(tenant), status="FinishedWithException")
    rows = json.loads(download(system, job))["rows"]
    (row,) = [row for row in rows if row["user"] == "direct"]
    assert (row["license"], row["state"]) == (None, "Failed")
    assert "does not exist" in row["error"]


def test_readers_export_to_download_only(system: System, tenant: Tenant) -> None:
    reader = system.api.as_principal(READER)
    job = reader.run(request(tenant), status="Finished")
    assert reader.get(job["links"]["file"]).status_code == 200
    location = {"kind": "blob", "container": "exports", "path": "a.json"}
    assert reader.post("jobs", request(tenant, location=location)).status_code == 403


def test_the_report_of_a_job(system: System, tenant: Tenant) -> None:
    body = {"action": "assign", "groupIds": [tenant.groups["Berlin"]], "licenses": [{"skuId": VISIO}]}
    job = system.api.run(body, status="Finished")
    answer = system.api.get(job["links"]["report"], format="csv")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    rows = {row["User"]: row for row in csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))}
    assert {user: row["Outcome"] for user, row in rows.items()} == {
        "none": "changed",
        "direct": "unchanged",
        "office and visio": "unchanged",
        "disabled": "changed",
    }
    assert (rows["none"]["Added"], rows["direct"]["Reason"]) == ("Visio Plan 2", "AlreadyHeld")
    workbook = load_workbook(io.BytesIO(system.api.get(job["links"]["report"]).content))
    assert workbook.sheetnames == ["Users", "Job"]
