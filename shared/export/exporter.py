"""The last step of an export job: write the file, store it, end the job.

A repeat writes the same file again, in place of the one that is there.
"""

import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from shared.errors import AppError, GraphError, PassingGraphError, StorageUnavailable
from shared.export.blobs import BlobFiles, BlobRefused, is_own
from shared.export.content import COMPRESSED, CONTENT_TYPES, ExportContent, Format, gzipped
from shared.export.license_rows import LicenseRows
from shared.export.names import GroupNames, LicenseNames
from shared.graph.drive import Drive
from shared.jobs import settle, view
from shared.jobs.changing import change_job
from shared.jobs.messages import JobMessage, Step, send_job
from shared.jobs.records import JobRecord, Phase
from shared.jobs.services import Services
from shared.models import CodedError, ExportRequest, Item, JobStatus
from shared.storage.connection import EXPORT_CONTAINER, Storage

log = logging.getLogger(__name__)


def file_name(job_id: str, export: ExportRequest) -> str:
    return f"licenses-{job_id}.{export.format}"


def download_path(job_id: str, export: ExportRequest) -> str:
    """Where a file to be fetched from the app lies, in the container EXPORT_CONTAINER."""
    return f"{job_id}/{file_name(job_id, export)}"


class Exporter:
    """`drive` uploads to SharePoint."""

    def __init__(self, services: Services, storage: Storage, drive: Drive) -> None:
        self._services = services
        self._blobs = BlobFiles(storage)
        self._drive = drive

    def write(self, job_id: str, failed_attempts: int = 0) -> None:
        """Bring the job to its end, or send its message again for another try. Idempotent.

        Raises:
            StorageUnavailable: the job's own records cannot be read or written now.
        """
        job = self._services.jobs.get(job_id)
        if job is None:
            return
        if job.phase is Phase.ENDED:
            settle.settle(self._services, job_id)
            return
        export = job.request.export
        if job.phase is not Phase.WRITING_FILE or export is None:
            log.debug("job %s has no file to write", job_id)
            return
        with tempfile.TemporaryFile(prefix="export-") as file:
            try:
                self._fill(file, job, export)
                place = self._store(file, job, export)
            except (PassingGraphError, _StoreAway) as error:
                self._again(job, error, failed_attempts + 1)
            except (GraphError, BlobRefused) as error:
                self._fail(job, error, f"The file could not be stored. {error.message}")
            else:
                self._end(job, place)

    def _fill(self, file: BinaryIO, job: JobRecord, export: ExportRequest) -> None:
        services = self._services
        selected = {group.group_id: group.display_name for group in job.facts.groups}
        names = GroupNames(services.directory.group_names, selected)
        rows = LicenseRows(selected.values(), LicenseNames(services.catalog.get()), names)
        content = ExportContent(view.view(services, job), rows, services.clock())
        content.write(file, export.format, chunks_of_items(services, job))

    def _store(self, file: BinaryIO, job: JobRecord, export: ExportRequest) -> str:
        """What `job.file` is to say: the blob's name for a download, else the file's URL."""
        location, name = export.location, file_name(job.job_id, export)
        if location.kind == "sharepoint":
            size = file.seek(0, os.SEEK_END)
            item = self._drive.upload(location.drive_id or "", location.folder_path or "", name, file, size)
            return item.web_url or f"drives/{location.drive_id}/items/{item.id}"
        content_type = CONTENT_TYPES[export.format]
        if location.kind == "blob":
            container, path = location.container or "", location.path or ""
            if is_own(container):
                raise BlobRefused(f"The container {container} is the app's own. Name another.")
            with _place():
                return self._blobs.write(container, path, file, content_type=content_type, file_name=name)
        path = download_path(job.job_id, export)
        with _place():
            self._put_download(path, file, content_type, name, export.format)
        return path

    def _put_download(self, path: str, file: BinaryIO, content_type: str, name: str, format_: Format) -> None:
        """Compressed: who fetches it gets it in one piece, which is in memory for that long."""
        if format_ in COMPRESSED:
            self._blobs.write(EXPORT_CONTAINER, path, file, content_type=content_type, file_name=name)
            return
        with gzipped(file) as small:
            self._blobs.write(
                EXPORT_CONTAINER,
                path,
                small,
                content_type=content_type,
                file_name=name,
                content_encoding="gzip",
            )

    def _end(self, job: JobRecord, place: str) -> None:
        """Where another message of the step came first, the job has ended or was started again since."""

        def to_stored(latest: JobRecord) -> bool:
            if not latest.is_still(job):
                return False
            latest.file = place
            return True

        services = self._services
        stored = change_job(services, job.job_id, to_stored)
        if stored is not None and stored.is_still(job):
            log.info("job %s: its file is stored", job.job_id)
            settle.end(services, stored, settle.outcome(stored, view.view(services, stored)))

    def _again(self, job: JobRecord, error: AppError, failed_attempts: int) -> None:
        """Nobody waits for the file of a canceled job."""
        services = self._services
        now = services.clock()
        at = services.settings.retry.next_attempt(
            failed_attempts,
            now,
            retry_after=error.retry_after if isinstance(error, PassingGraphError) else None,
            random=services.random,
        )
        latest = services.jobs.get(job.job_id)
        if latest is None or not latest.is_still(job):
            return
        if latest.cancel_requested:
            canceled = CodedError("Canceled", "A person canceled the job before its file was stored.")
            settle.end(services, latest, (JobStatus.CANCELED, canceled))
        elif at is None:
            self._give_up(latest, error, failed_attempts)
        else:
            log.warning("job %s: attempt %d to store its file failed: %s", job.job_id, failed_attempts, error)
            message = JobMessage(job.job_id, Step.FILE, attempts=failed_attempts)
            send_job(services.queues, message, (at - now).total_seconds())

    def _give_up(self, job: JobRecord, error: AppError, attempts: int) -> None:
        who = "Storage" if isinstance(error, _StoreAway) else "Microsoft Graph"
        reason = f"The file could not be stored: {who} did not answer as it should in {attempts} attempts. "
        self._fail(job, error, f"{reason}Start the job again later.")

    def _fail(self, job: JobRecord, error: AppError, reason: str) -> None:
        request_id = error.graph_request_id if isinstance(error, GraphError) else None
        trace = f" (Graph request {request_id})" if request_id else ""
        settle.end(self._services, job, (JobStatus.FAILED, CodedError(error.code, reason + trace)))


@contextmanager
def _place() -> Iterator[None]:
    """Tell a place that is away from Storage as the job's records need it."""
    try:
        yield
    except StorageUnavailable as error:
        raise _StoreAway from error


class _StoreAway(AppError):
    """The place of the file does not answer; that it is Storage, which the job's records need too, is chance."""

    code = "StorageUnavailable"

    def __init__(self) -> None:
        super().__init__("Storage did not take the file.")


def chunks_of_items(services: Services, job: JobRecord) -> Iterator[list[Item]]:
    """The users of a job as they are shown, a chunk in memory at a time.

    Raises:
        LookupError: the job was deleted meanwhile.
    """
    for index in range(job.chunks):
        chunk = services.jobs.chunk(job.job_id, index)
        if chunk is None:
            raise LookupError(f"chunk {index} of job {job.job_id} is not on record")
        yield [view.as_of_run(item, chunk.run, job.run) for item in chunk.items]
