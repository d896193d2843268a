"""Temporary licences over HTTP: list them, move their end, make them permanent."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

from handlers.endpoint import Handler, RequestContext
from handlers.responses import Answer
from shared.api.directory_answers import license_names
from shared.api.fields import parse_moment
from shared.api.record_answers import grant_json
from shared.app import App
from shared.errors import GraphError
from shared.ledger import GrantStatus


@dataclass(frozen=True)
class GrantHandlers:
    app: App

    def list(self, context: RequestContext) -> Answer:
        query = context.query
        before = query.get("expiresBefore")
        grants, after = self.app.services.ledger.find(
            status=cast(GrantStatus | None, query.get("status")),
            user_id=query.get("userId"),
            sku_id=query.get("skuId"),
            expires_before=parse_moment(before) if before else None,
            page_size=query.page_size,
            cursor=context.cursor_text("after") or "",
        )
        names = self._names()
        answer: dict[str, object] = {"value": [grant_json(grant, names) for grant in grants]}
        if after is not None:
            answer["nextLink"] = context.next_link({"after": after})
        return Answer(answer)

    def change(self, context: RequestContext) -> Answer:
        grant_id, now = context.id, self.app.clock()
        term = context.grant_term(now)
        grant = self.app.services.ledger.change(grant_id, term, context.caller, now)
        what = "GrantMadePermanent" if term.expires_at is None else "GrantMoved"
        details = {"userId": grant.user_id, "skuId": grant.sku_id}
        self.app.audit.append(context.caller, what, job_id=grant.job_id, grant_id=grant_id, details=details)
        return Answer(grant_json(grant, self._names()))

    def _names(self) -> dict[str, str]:
        try:
            return license_names(self.app.services.catalog.get())
        except GraphError:
            return {}  # the ids stand for themselves while Graph is away

    def handlers(self) -> Iterator[tuple[str, Handler]]:
        """By the name of their route."""
        yield "ListTemporaryLicenses", self.list
        yield "ChangeTemporaryLicense", self.change
