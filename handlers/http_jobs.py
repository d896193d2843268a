"""Jobs over HTTP: submit, list, look, wait, start, cancel, undo."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from handlers.endpoint import Handler, RequestContext
from handlers.responses import Answer, accepted_answer, job_answer
from handlers.submissions import note_orders, note_submission
from shared.api.answers import item_json, job_json
from shared.api.directory_answers import license_names
from shared.api.submission import Submission
from shared.app import App
from shared.errors import GraphError, InvalidRequest
from shared.jobs import control, listing, view
from shared.jobs.records import JobRecord
from shared.models import JobStatus, JobView


@dataclass(frozen=True)
class JobHandlers:
    app: App

    def submit(self, context: RequestContext) -> Answer:
        return self._submitted(context, context.submission(self.app.limits()))

    def undo(self, context: RequestContext) -> Answer:
        return self._submitted(context, context.undo())

    def start(self, context: RequestContext) -> Answer:
        self._note_orders(context)
        job = control.start(self.app.services, context.id, context.caller)
        self._note_orders(context)
        return self._accepted(context, job)

    def cancel(self, context: RequestContext) -> Answer:
        context.require_to_cancel(view.view(self.app.services, self._job(context)))
        self._note_orders(context)
        job = control.cancel(self.app.services, context.id, context.caller)
        self._note_orders(context)
        return self._accepted(context, job)

    def get(self, context: RequestContext) -> Answer:
        return job_answer(view.view(self.app.services, self._job(context)), context.urls, self._names())

    def wait(self, context: RequestContext) -> Answer:
        """200 ends a flow's waiting; so does 422, which a flow takes for a failure that it does not retry."""
        job = view.view(self.app.services, self._job(context))
        context.admit(job.wait_token)
        fail_on_error = context.query.flag("failOnError")
        if not job.status.terminal:
            return accepted_answer(job, context.urls, self._names(), fail_on_error=fail_on_error)
        answer = job_json(job, context.urls, self._names())
        if fail_on_error and job.error is not None:
            return Answer(answer, 422, {"x-ms-error-code": job.error.code})
        return Answer(answer)

    def list(self, context: RequestContext) -> Answer:
        status = context.query.get("status")
        page = listing.jobs(
            self.app.services,
            status=JobStatus(status) if status else None,
            action=context.query.get("action"),
            search=context.query.get("search"),
            size=context.query.page_size,
            after=context.cursor_text("after") or "",
        )
        names = self._names()
        answer: dict[str, object] = {"value": [job_json(job, context.urls, names) for job in page.jobs]}
        if page.after is not None:
            answer["nextLink"] = context.next_link({"after": page.after})
        return Answer(answer)

    def items(self, context: RequestContext) -> Answer:
        job, size = self._job(context), context.query.page_size
        chunk, offset = _place(context.cursor)
        groups = view.view(self.app.services, job).groups
        found = listing.items(
            self.app.services,
            job,
            status=context.query.get("status"),
            warning=context.query.get("warning"),
            chunk=chunk,
            offset=offset,
        )
        page = list(islice(found, size + 1))
        answer: dict[str, object] = {"value": [item_json(entry.item, groups) for entry in page[:size]]}
        if len(page) > size:
            answer["nextLink"] = context.next_link({"chunk": page[size].chunk, "offset": page[size].offset})
        return Answer(answer)

    def _submitted(self, context: RequestContext, submission: Submission) -> Answer:
        accepted = self.app.submitter.submit(submission, context.caller)
        job = accepted.job
        note_submission(
            self.app.audit, job.job_id, job.request, job.created_by, job.created_at, len(job.groups)
        )
        return self._accepted(context, job, replayed=accepted.replayed)

    def _note_orders(self, context: RequestContext) -> None:
        note_orders(self.app.audit, self._job(context))

    def _job(self, context: RequestContext) -> JobRecord:
        return control.job_on_record(self.app.services, context.id)

    def _names(self) -> dict[str, str]:
        """Names of licences, as far as Graph can be asked; the answer does without them otherwise."""
        try:
            return license_names(self.app.services.catalog.get())
        except GraphError:
            return {}

    def _accepted(self, context: RequestContext, job: JobView, *, replayed: bool = False) -> Answer:
        fail_on_error = context.query.flag("failOnError")
        return accepted_answer(
            job, context.urls, self._names(), fail_on_error=fail_on_error, replayed=replayed
        )

    def handlers(self) -> Iterator[tuple[str, Handler]]:
        """By the name of their route."""
        yield "SubmitJob", self.submit
        yield "UndoJob", self.undo
        yield "StartJob", self.start
        yield "CancelJob", self.cancel
        yield "GetJob", self.get
        yield "WaitForJob", self.wait
        yield "ListJobs", self.list
        yield "ListJobItems", self.items


def _place(cursor: Mapping[str, Any] | None) -> tuple[int, int]:
    """Chunk and offset of a page of items; a cursor is no proof that we made it."""
    chunk, offset = (cursor or {}).get("chunk", 0), (cursor or {}).get("offset", 0)
    if not (isinstance(chunk, int) and isinstance(offset, int) and 0 <= chunk < 10**6 and offset >= 0):
        raise InvalidRequest("The cursor is not one of this list. Begin at the first page.", target="cursor")
    return chunk, offset
