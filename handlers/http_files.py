"""Files over HTTP: what a job did, at any time, and the file of an export."""

import gzip
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain
from typing import BinaryIO, cast

from handlers.endpoint import Handler, RequestContext
from handlers.responses import Answer, file_answer
from shared.app import App
from shared.errors import Conflict, GraphError, NotFound
from shared.export.blobs import BlobFiles
from shared.export.content import COMPRESSED, CONTENT_TYPES, Format, gzipped, write_report
from shared.export.exporter import chunks_of_items, download_path, file_name
from shared.export.names import LicenseNames
from shared.export.report import ReportRows
from shared.jobs import control, view
from shared.jobs.records import JobRecord
from shared.models import Catalog, ExportRequest
from shared.storage.connection import EXPORT_CONTAINER


@dataclass(frozen=True)
class FileHandlers:
    """A function's answer is one piece of bytes, so a file is in memory while it is sent. It is written on the disk,
    and goes compressed to whoever takes it that way.
    """

    app: App

    def report(self, context: RequestContext) -> Answer:
        job = self._job(context)
        services, format_ = self.app.services, cast(Format, context.query.get("format") or "xlsx")
        report = ReportRows(view.view(services, job), LicenseNames(self._catalog()))
        items = chain.from_iterable(chunks_of_items(services, job))
        with tempfile.TemporaryFile(prefix="report-") as file:
            write_report(file, format_, report, items, services.clock())
            return _report_answer(context, file, format_, f"report-{job.job_id}.{format_}")

    def file(self, context: RequestContext) -> Answer:
        job = self._job(context)
        export = job.request.export
        if export is None or export.location.kind != "download":
            raise NotFound(_elsewhere(job), code="FileNotHere", target="id")
        if not job.status.terminal:
            raise Conflict(
                "The export has not ended. Ask again when it has.", code="FileNotReady", target="id"
            )
        content = self._content(job, export)
        name, content_type = file_name(job.job_id, export), CONTENT_TYPES[export.format]
        if export.format in COMPRESSED:
            return file_answer(content, content_type, name)
        if context.accepts_gzip:
            return _in_gzip(file_answer(content, content_type, name))
        return file_answer(gzip.decompress(content), content_type, name)

    def _content(self, job: JobRecord, export: ExportRequest) -> bytes:
        """The file as it is stored. Raises NotFound where the job ended without a file, or the file is gone."""
        stored = job.file is not None
        path = download_path(job.job_id, export)
        content = BlobFiles(self.app.storage).read(EXPORT_CONTAINER, path) if stored else None
        if content is None:
            reason = "The file is gone." if stored else f"The job ended {job.status} and left no file."
            raise NotFound(f"{reason} Start a new export.", code="FileNotHere", target="id")
        return content

    def _job(self, context: RequestContext) -> JobRecord:
        return control.job_on_record(self.app.services, context.id)

    def _catalog(self) -> Catalog:
        """Empty where Graph cannot be asked: a report does without the tenant's part numbers."""
        try:
            return self.app.services.catalog.get()
        except GraphError:
            return {}

    def handlers(self) -> Iterator[tuple[str, Handler]]:
        """By the name of their route."""
        yield "GetJobReport", self.report
        yield "GetJobFile", self.file


def _report_answer(context: RequestContext, file: BinaryIO, format_: Format, name: str) -> Answer:
    if format_ not in COMPRESSED and context.accepts_gzip:
        with gzipped(file) as small:
            return _in_gzip(_file_answer(small, format_, name))
    return _file_answer(file, format_, name)


def _file_answer(file: BinaryIO, format_: Format, name: str) -> Answer:
    file.seek(0)
    return file_answer(file.read(), CONTENT_TYPES[format_], name)


def _in_gzip(answer: Answer) -> Answer:
    coded = {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
    return replace(answer, headers={**answer.headers, **coded})


def _elsewhere(job: JobRecord) -> str:
    if job.request.export is None:
        return "The job is no export. Its report tells what it did."
    if job.file is not None:
        return f"The file was stored elsewhere: {job.file}"
    return "The export goes to another place, which the job names once the file is there."
