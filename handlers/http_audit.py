"""GET /audit."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from handlers.endpoint import Handler, RequestContext
from handlers.responses import Answer
from shared.api.record_answers import AuditEntry, audit_json
from shared.app import App


@dataclass(frozen=True)
class AuditHandlers:
    app: App

    def list(self, context: RequestContext) -> Answer:
        size = context.query.page_size
        found = self.app.audit.newest_first(
            context.cursor_text("after") or "",
            job_id=context.query.get("jobId"),
            by=context.query.get("by"),
            page_size=size + 1,
        )
        page = list(islice(found, size + 1))
        value = [
            audit_json(
                AuditEntry(
                    record.time, record.by, record.what, record.job_id, record.grant_id, record.details
                )
            )
            for record in page[:size]
        ]
        answer: dict[str, object] = {"value": value}
        if len(page) > size:
            answer["nextLink"] = context.next_link({"after": page[size - 1].key})
        return Answer(answer)

    def handlers(self) -> Iterator[tuple[str, Handler]]:
        """By the name of their route."""
        yield "ListAudit", self.list
