"""The last step of an export job: each place, repeated, and in the face of every refusal."""

import base64
import gzip
import hashlib
import io
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any, BinaryIO

import pytest
from azure.storage.blob import BlobClient, BlobServiceClient

from shared.errors import StorageUnavailable
from shared.export.blobs import BlobFiles
from shared.export.exporter import Exporter
from shared.graph.drive import Drive
from shared.jobs import settle, view
from shared.jobs.records import JobRecord, Phase
from shared.jobs.services import Services
from shared.models import ExportRequest, HeldLicense, ItemError, ItemStatus, JobStatus, JobView
from shared.storage.connection import EXPORT_CONTAINER, Storage, StorageSettings
from tests.integration.export.conftest import Desk, download, to_blob, to_drive
from tests.unit.export.builders import csv_rows, json_document, sheet_rows, user

AWAY: dict[str, Any] = {"kind": "status", "path": "createUploadSession", "status": 503}


@pytest.mark.parametrize("format_", ["xlsx", "csv", "json"])
def test_a_download_lies_in_the_apps_container(desk: Desk, format_: str) -> None:
    job_id = desk.job(download(format_))
    desk.exporter.write(job_id)

    job = desk.record(job_id)
    assert (job.status, job.phase, job.error) == (JobStatus.FINISHED, Phase.ENDED, None)
    assert job.file == f"{job_id}/licenses-{job_id}.{format_}"
    assert desk.blobs(EXPORT_CONTAINER) == [job.file]
    content = BlobFiles(desk.app.storage).read(EXPORT_CONTAINER, job.file)
    assert content is not None
    if format_ == "xlsx":
        rows: list[Any] = sheet_rows(content, "Licenses")
    elif format_ == "csv":
        rows = csv_rows(gzip.decompress(content))
    else:
        rows = json_document(gzip.decompress(content))["rows"]
    assert len(rows) == 3
    assert [row.get("SKU part number", row.get("skuPartNumber")) for row in rows] == ["ENTERPRISEPACK"] * 3


def test_a_blob_goes_into_a_container_that_is_made(desk: Desk) -> None:
    job_id = desk.job(to_blob("new-container", "2026/november report.csv"))
    desk.exporter.write(job_id)

    job = desk.record(job_id)
    assert job.status is JobStatus.FINISHED
    assert str(job.file).endswith("/new-container/2026/november%20report.csv")
    assert len(csv_rows(desk.blob("new-container", "2026/november report.csv"))) == 3
    properties = _client(desk, "new-container", "2026/november report.csv").get_blob_properties()
    assert properties.content_settings.content_type == "text/csv; charset=utf-8"
    assert properties.content_settings.content_encoding is None


def test_a_blob_is_called_as_people_write(desk: Desk) -> None:
    path = "営業\u3000部/Paris\u00a0👩\u200d💻.csv"
    job_id = desk.job(to_blob("written", path))
    desk.exporter.write(job_id)
    assert desk.blobs("written") == [path]
    assert len(csv_rows(desk.blob("written", path))) == 3
    properties = _client(desk, "written", path).get_blob_properties()
    expected = f'attachment; filename="licenses-{job_id}.csv"'
    assert properties.content_settings.content_disposition == expected


def test_a_blob_that_is_there_is_replaced_whole(desk: Desk) -> None:
    desk.app.storage.blob_service.create_container("replaced")
    _client(desk, "replaced", "a.csv").upload_blob(b"x" * 5_000_000, metadata={"old": "yes"})
    desk.exporter.write(desk.job(to_blob("replaced", "a.csv")))
    assert len(csv_rows(desk.blob("replaced", "a.csv"))) == 3


def test_two_messages_that_end_a_job_at_once_have_one_file_written(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    services, job_id = desk.app.services, desk.job(download(), phase=Phase.RUNNING)
    real = view.view

    def overtaken(services: Services, job: JobRecord) -> JobView:
        monkeypatch.setattr(view, "view", real)
        settle.settle(services, job_id)
        return real(services, job)

    monkeypatch.setattr(view, "view", overtaken)
    settle.settle(services, job_id)
    assert desk.record(job_id).phase is Phase.WRITING_FILE
    assert desk.waiting() == 1


def test_of_two_writers_of_a_file_the_later_has_another_try(desk: Desk) -> None:
    """The end of a job is said by several messages: the first commit of the file discards the others' blocks."""
    files = BlobFiles(desk.app.storage)

    def write(file: BinaryIO) -> None:
        files.write(EXPORT_CONTAINER, "a.txt", file, content_type="text/plain", file_name="a.txt")

    class OvertakenBeforeTheCommit(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            data = super().read(size)
            if not data:
                write(io.BytesIO(b"the first"))
            return data

    with pytest.raises(StorageUnavailable):
        write(OvertakenBeforeTheCommit(b"the second"))
    assert files.read(EXPORT_CONTAINER, "a.txt") == b"the first"
    write(io.BytesIO(b"the second"))
    assert files.read(EXPORT_CONTAINER, "a.txt") == b"the second"


def test_a_file_in_sharepoint(desk: Desk) -> None:
    job_id = desk.job(to_drive())
    desk.exporter.write(job_id)

    job = desk.record(job_id)
    assert job.status is JobStatus.FINISHED
    assert job.file == f"https://contoso.sharepoint.com/Reports/licenses-{job_id}.csv"
    (file,) = desk.graph.control.files()
    assert (file["driveId"], file["path"]) == ("b!drive-1", f"/Reports/licenses-{job_id}.csv")
    content = desk.graph.control.file("b!drive-1", str(file["path"]))
    assert file["sha256"] == hashlib.sha256(content).hexdigest()
    assert len(csv_rows(content)) == 3


def _client(desk: Desk, container: str, path: str) -> BlobClient:
    return desk.app.storage.blob_service.get_blob_client(container, path)


@pytest.mark.parametrize(
    "export", [download(), to_blob("repeated"), to_drive()], ids=["download", "blob", "drive"]
)
def test_a_step_that_died_before_the_end_was_on_record_leaves_one_file(
    desk: Desk, export: ExportRequest
) -> None:
    job_id = desk.job(export)

    class DiesAfterStoring(Exporter):
        def _end(self, *_: object) -> None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        DiesAfterStoring(desk.app.services, desk.app.storage, Drive(desk.app.transport)).write(job_id)
    assert desk.record(job_id).file is None
    desk.exporter.write(job_id)
    ended = desk.record(job_id)
    assert (ended.status, ended.phase) == (JobStatus.FINISHED, Phase.ENDED)

    desk.exporter.write(job_id)
    assert desk.record(job_id) == ended
    blobs = [
        blob for name in (EXPORT_CONTAINER, "repeated") if _exists(desk, name) for blob in desk.blobs(name)
    ]
    assert len(blobs) + len(desk.graph.control.files()) == 1


def _exists(desk: Desk, container: str) -> bool:
    return desk.app.storage.blob_service.get_container_client(container).exists()


def test_two_deliveries_at_once_do_not_mix_their_files(desk: Desk) -> None:
    job_id = desk.job(to_blob("raced"))

    class Overtaken(Exporter):
        def _end(self, *_: object) -> None:
            raise AssertionError("the commit must have failed: the other's discards the blocks of this one")

    original = BlobClient.commit_block_list
    with pytest.MonkeyPatch.context() as patch:

        def commit(blob: BlobClient, *args: Any, **options: Any) -> Any:
            """The other delivery stores the whole file between this one's blocks and their commit."""
            patch.undo()
            desk.exporter.write(job_id)
            return original(blob, *args, **options)

        patch.setattr(BlobClient, "commit_block_list", commit)
        Overtaken(desk.app.services, desk.app.storage, Drive(desk.app.transport)).write(job_id)
    assert desk.record(job_id).status is JobStatus.FINISHED
    assert len(csv_rows(desk.blob("raced", "reports/licenses.csv"))) == 3


def test_failed_users_have_a_row_and_the_job_ends_with_exceptions(desk: Desk) -> None:
    gone = ItemError("UserNotFound", "The user does not exist any more.")
    failed = user(7, read=False, status=ItemStatus.FAILED, error=gone, reason=gone.code)
    job_id = desk.job(to_blob("mixed"), [*desk.users(2), failed])
    desk.exporter.write(job_id)
    job = desk.record(job_id)
    assert job.status is JobStatus.FINISHED_WITH_EXCEPTION
    assert job.error is not None
    assert "1 of 3 users failed" in job.error.message
    assert job.file is not None
    rows = csv_rows(desk.blob("mixed", "reports/licenses.csv"))
    assert [row["Error"] for row in rows] == ["", "", gone.message]


def test_names_of_groups_that_give_licenses_are_read(desk: Desk) -> None:
    seeded = desk.graph.control.seed(groups=[{"displayName": "=Sales\tEMEA", "members": []}])
    known, gone = str(seeded["groupIds"][0]).lower(), "00000000-dddd-4000-8000-00000000000d"
    held = HeldLicense(desk.sku_id, direct=False, inherited_from=(known, gone))
    desk.exporter.write(desk.job(to_blob("named"), [user(1, held)]))
    (row,) = csv_rows(desk.blob("named", "reports/licenses.csv"))
    assert row["Assignment"] == f"Inherited (=Sales EMEA, {gone})"


@pytest.mark.parametrize("container", [EXPORT_CONTAINER, "azure-webjobs-hosts", "azure-webjobs-secrets"])
def test_no_export_goes_into_the_apps_own_containers(desk: Desk, container: str) -> None:
    job_id = desk.job(to_blob(container))
    desk.exporter.write(job_id)
    job = desk.record(job_id)
    assert (job.status, job.file) == (JobStatus.FAILED, None)
    assert job.error is not None
    assert container in job.error.message
    assert not _client(desk, container, "reports/licenses.csv").exists()


def test_a_leased_blob_is_left_alone_and_the_job_says_so(desk: Desk) -> None:
    desk.app.storage.blob_service.create_container("leased")
    blob = _client(desk, "leased", "reports/licenses.csv")
    blob.upload_blob(b"old")
    lease = blob.acquire_lease()
    job_id = desk.job(to_blob("leased"))
    desk.exporter.write(job_id)
    job = desk.record(job_id)
    assert job.status is JobStatus.FAILED
    assert job.error is not None
    assert job.error.code == "FileNotStored"
    assert "unlock" in job.error.message
    assert blob.download_blob().readall() == b"old"
    lease.release()


@pytest.mark.parametrize(
    ("fault", "code", "advice"),
    [
        ({"status": 403, "code": "accessDenied"}, "Forbidden", "Sites.ReadWrite.All"),
        ({"status": 404, "code": "itemNotFound"}, "Unexpected", "Check driveId"),
        ({"status": 507, "code": "quotaLimitReached"}, "Unexpected", "quotaLimitReached"),
    ],
)
def test_a_refusal_of_sharepoint_ends_the_job_with_advice(
    desk: Desk, fault: Any, code: str, advice: str
) -> None:
    desk.graph.control.add_faults(AWAY | fault)
    job_id = desk.job(to_drive())
    desk.exporter.write(job_id)
    job = desk.record(job_id)
    assert (job.status, job.file) == (JobStatus.FAILED, None)
    assert job.error is not None
    assert job.error.code == code
    assert advice in job.error.message
    assert desk.waiting() == 0


def test_a_place_that_is_away_is_tried_again_then_given_up(desk: Desk) -> None:
    desk.graph.control.add_faults(AWAY)
    job_id = desk.job(to_drive())
    for failed in range(2):
        desk.exporter.write(job_id, failed)
        assert desk.record(job_id).phase is Phase.WRITING_FILE
        assert desk.waiting() == failed + 1
    desk.exporter.write(job_id, 2)
    job = desk.record(job_id)
    assert job.status is JobStatus.FAILED
    assert job.error is not None
    assert job.error.code == "GraphUnavailable"
    assert "3 attempts" in job.error.message
    assert desk.waiting() == 2


def test_a_message_tells_how_often_it_was_tried(desk: Desk) -> None:
    settings = replace(desk.app.settings.retry, delay_seconds=0)
    services = replace(desk.app.services, settings=replace(desk.app.settings, retry=settings))
    desk.graph.control.add_faults(AWAY)
    job_id = desk.job(to_drive())
    Exporter(services, desk.app.storage, Drive(desk.app.transport)).write(job_id, 1)
    (message,) = desk.app.storage.queue("license-jobs").peek_messages()
    assert json.loads(_decoded(message.content)) == {"jobId": job_id, "step": "file", "attempts": 2}


def _decoded(text: str) -> bytes:
    return base64.b64decode(text)


def test_a_canceled_job_waits_for_no_other_try(desk: Desk) -> None:
    desk.graph.control.add_faults(AWAY)
    job_id = desk.job(to_drive(), canceled=True)
    desk.exporter.write(job_id)
    job = desk.record(job_id)
    assert (job.status, job.file, desk.waiting()) == (JobStatus.CANCELED, None, 0)


def test_blobs_that_are_away_use_up_a_try(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    job_id = desk.job(download())
    nowhere = BlobServiceClient("http://127.0.0.1:1/away", retry_total=0, connection_timeout=1)
    monkeypatch.setattr(desk.app.storage, "blob_service", nowhere)
    desk.exporter.write(job_id)
    assert (desk.record(job_id).phase, desk.waiting()) == (Phase.WRITING_FILE, 1)
    desk.exporter.write(job_id, 2)
    job = desk.record(job_id)
    assert job.status is JobStatus.FAILED
    assert job.error is not None
    assert job.error.code == "StorageUnavailable"


def test_records_that_are_away_are_waited_for_by_the_message_itself(desk: Desk) -> None:
    away = Storage(StorageSettings(connection_string=_unreachable()))
    services = replace(desk.app.services, jobs=type(desk.app.services.jobs)(away, desk.app.clock))
    with pytest.raises(StorageUnavailable):
        Exporter(services, desk.app.storage, Drive(desk.app.transport)).write("job")


def _unreachable() -> str:
    places = ";".join(f"{service}Endpoint=http://127.0.0.1:1/a" for service in ("Blob", "Queue", "Table"))
    return f"DefaultEndpointsProtocol=http;AccountName=a;AccountKey=a2V5;{places};"


@pytest.mark.parametrize(
    "prepare", [lambda desk: "no-such-job", lambda desk: desk.job(None, phase=Phase.RUNNING)]
)
def test_a_stray_message_does_nothing(desk: Desk, prepare: Callable[[Desk], str]) -> None:
    desk.exporter.write(prepare(desk))
    assert desk.blobs(EXPORT_CONTAINER) == []
