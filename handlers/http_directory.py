"""What the pickers show: groups, members, licences, locations."""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from handlers.endpoint import Handler, RequestContext
from handlers.responses import Answer
from shared.api import cursor
from shared.api.directory_answers import (
    LicenseUse,
    assigned_licenses_json,
    group_json,
    license_json,
    license_names,
    locations_json,
    member_json,
)
from shared.api.faults import first_places
from shared.api.shapes import AssignedLicenseShape, AssignedLicensesShape, AssignedPageShape
from shared.app import App
from shared.errors import GraphError, InvalidRequest, NotFound
from shared.graph.directory import MemberStatesPage
from shared.graph.errors import ExpiredPageToken, is_page_lost
from shared.jobs.catalog_cache import NOW
from shared.models import UserState

ASSIGNED_SECONDS = 60.0
"""A flow and a browser wait longer than that; a person does not."""
COUNTED_PAGES = 5
"""Pages of 999 users in one answer: few, so that who waits for the whole tenant sees the figures grow."""


@dataclass(frozen=True)
class DirectoryHandlers:
    app: App

    def groups(self, context: RequestContext) -> Answer:
        link = context.cursor_text("link")
        with _lost_page(link):
            page = self.app.directory.find_groups(context.query.get("search"), context.query.page_size, link)
        return _page(context, [group_json(group) for group in page.groups], page.next_link)

    def members(self, context: RequestContext) -> Answer:
        group_id, link = context.id, context.cursor_text("link")
        with _missing_group("id"), _lost_page(link):
            page = self.app.directory.member_states_page(group_id, context.query.page_size, link)
        states = self._with_expiries(page)
        givers = sorted(
            {giver for state in states for held in state.licenses for giver in held.inherited_from}
        )
        names = self.app.directory.group_names(givers) if givers else {}
        catalog = self.app.services.catalog.get()
        value = [
            member_json(member, state, catalog, names)
            for (member, _), state in zip(page.members, states, strict=True)
        ]
        return _page(context, value, page.next_link)

    def licenses(self, context: RequestContext) -> Answer:
        catalog = self.app.services.catalog.get(max_age=NOW)
        value = sorted(map(license_json, catalog.values()), key=lambda license_: license_["displayName"])
        return _slice(context, value)

    def service_plans(self, context: RequestContext) -> Answer:
        """All on one page, by name."""
        sku = self.app.services.catalog.get().get(context.id)
        if sku is None:
            raise NotFound(
                "This tenant has no subscription to this license. GET /api/licenses lists what it has.",
                code="LicenseNotFound",
                target="id",
            )
        plans = license_json(sku)["servicePlans"]
        return Answer({"value": sorted(plans, key=lambda plan: plan["displayName"])})

    def assigned(self, context: RequestContext) -> Answer:
        tally = _Tally()
        deadline = time.monotonic() + ASSIGNED_SECONDS
        read_whole = []
        for group_id, at in first_places(context.group_ids()).items():
            with _missing_group(f"groupIds[{at}]"):
                read_whole.append(tally.read(self.app, group_id, deadline))
        answer: AssignedLicensesShape = {
            "value": self._shown(tally),
            "usersRead": len(tally.seen),
            "complete": all(read_whole),
        }
        return Answer(answer)

    def count_assigned(self, context: RequestContext) -> Answer:
        tally = _Tally()
        link = given = context.cursor_text("link")
        for _ in range(COUNTED_PAGES):
            with _lost_page(given):
                page = self.app.directory.holder_page(link)
            tally.add(page.states)
            link = page.next_link
            if link is None:
                break
        answer: AssignedPageShape = {"value": self._shown(tally), "usersRead": len(tally.seen)}
        if link is not None:
            answer["nextLink"] = context.next_link({"link": link})
        return Answer(answer)

    def locations(self, context: RequestContext) -> Answer:
        return _slice(context, locations_json()["value"])

    def _shown(self, tally: "_Tally") -> list[AssignedLicenseShape]:
        return assigned_licenses_json(tally.uses(), license_names(self.app.services.catalog.get()))

    def _with_expiries(self, page: MemberStatesPage) -> list[UserState]:
        """In the order of the page."""
        states = [state for _, state in page.members]
        grants = self.app.services.ledger.running([state.user_id for state in states])
        return [state.with_expiries(grants.get(state.user_id, {})) for state in states]

    def handlers(self) -> Iterator[tuple[str, Handler]]:
        """By the name of their route."""
        yield "ListGroups", self.groups
        yield "ListGroupMembers", self.members
        yield "ListLicenses", self.licenses
        yield "ListServicePlans", self.service_plans
        yield "ListAssignedLicenses", self.assigned
        yield "CountAssignedLicenses", self.count_assigned
        yield "ListLocations", self.locations


class _Tally:
    """Who of the users read so far holds what; a user in two groups counts once."""

    def __init__(self) -> None:
        self.seen: set[str] = set()
        self._users: Counter[str] = Counter()
        self._direct: Counter[str] = Counter()
        self._inherited: Counter[str] = Counter()

    def read(self, app: App, group_id: str, deadline: float) -> bool:
        """Whether the group could be read to its end in time."""
        link: str | None = None
        while time.monotonic() < deadline:
            try:
                page = app.directory.member_states_page(group_id, next_link=link)
            except ExpiredPageToken:
                if link is None:
                    raise
                link = None  # from the start: who was counted is not counted again
                continue
            self.add([state for _, state in page.members])
            link = page.next_link
            if link is None:
                return True
        return False

    def add(self, states: Sequence[UserState]) -> None:
        for state in states:
            if state.user_id in self.seen:
                continue
            self.seen.add(state.user_id)
            for held in state.licenses:
                self._users[held.sku_id] += 1
                self._direct[held.sku_id] += held.direct
                self._inherited[held.sku_id] += bool(held.inherited_from)

    def uses(self) -> list[LicenseUse]:
        return [
            LicenseUse(sku_id, number, self._direct[sku_id], self._inherited[sku_id])
            for sku_id, number in self._users.items()
        ]


@contextmanager
def _missing_group(target: str) -> Iterator[None]:
    """A group that Graph does not know, or knows no longer, is the caller's to mend.

    Raises:
        NotFound: GroupNotFound, with the place of its id.
    """
    try:
        yield
    except GraphError as error:
        if error.code != "GroupNotFound":
            raise
        raise NotFound(error.message, code=error.code, target=target) from error


@contextmanager
def _lost_page(link: str | None) -> Iterator[None]:
    """A page that the cursor's `link` does not lead to, or no longer, is the caller's to mend.

    Raises:
        InvalidRequest: with target `cursor`.
    """
    try:
        yield
    except GraphError as error:
        if link is None or not is_page_lost(error):
            raise
        raise cursor.no_such_page() from error


def _page(context: RequestContext, value: Sequence[object], link: str | None) -> Answer:
    answer: dict[str, object] = {"value": value}
    if link is not None:
        answer["nextLink"] = context.next_link({"link": link})
    return Answer(answer)


def _slice(context: RequestContext, value: Sequence[object]) -> Answer:
    """A page of a list that is at hand. Without a pageSize all of it: a drop-down wants nothing less."""
    start = (context.cursor or {}).get("start", 0)
    if not isinstance(start, int) or start < 0:
        raise InvalidRequest("The cursor is not one of this list. Begin at the first page.", target="cursor")
    size = context.query.page_size if context.query.get("pageSize") else len(value)
    answer: dict[str, object] = {"value": value[start : start + size]}
    if start + size < len(value):
        answer["nextLink"] = context.next_link({"start": start + size})
    return Answer(answer)
