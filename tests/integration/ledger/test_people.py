"""What a person sees of grants and may do to them, also while a sweep is at work."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from uuid import NAMESPACE_DNS, uuid5

import pytest

from shared.api.other_bodies import GrantTerm
from shared.api.record_answers import GrantView
from shared.errors import Conflict, NotFound
from shared.ledger import ANNOUNCED_FOR, MAX_HISTORY, GrantStatus, Ledger
from shared.models import Action
from shared.storage.connection import Storage
from shared.storage.grant_rows import Change
from shared.storage.grant_store import GrantStore
from tests.integration.ledger.builders import (
    FLOW,
    LATER,
    NOW,
    PAST,
    PROJECT,
    SOON,
    VISIO,
    SetClock,
    closes,
    expires,
    give,
    item,
    items,
    job,
    opens,
    plan,
    sweep_job,
    user_id,
)
from tests.integration.ledger.conftest import CountedStorage

PERMANENT = GrantTerm(None)
DUE_SOON = plan(expires())


class RacingStore(GrantStore):
    """Lets somebody else act between a reading of grants and the write that follows from it, once."""

    meanwhile: Callable[[], object] | None = None

    def commit(self, changes: Iterable[Change]) -> list[Change]:
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile:
            meanwhile()
        return super().commit(changes)


@pytest.fixture
def racing(storage: Storage) -> RacingStore:
    return RacingStore(storage)


@pytest.fixture
def slow(racing: RacingStore, clock: SetClock) -> Ledger:
    """The ledger as a host has it that `racing` holds up."""
    return Ledger(racing, clock)


def the_grant(ledger: Ledger, status: GrantStatus = "running") -> GrantView:
    (view,) = ledger.find(status=status)[0]
    return view


def listed(
    ledger: Ledger,
    status: GrantStatus | None = None,
    user: str | None = None,
    sku: str | None = None,
    before: datetime | None = None,
) -> list[str]:
    """Names of the users of the grants found, in their order."""
    return [
        view.user_display_name
        for view in ledger.find(status=status, user_id=user, sku_id=sku, expires_before=before)[0]
    ]


# --- change -------------------------------------------------------------------------------------------------


def test_moving_by_hand(ledger: Ledger, clock: SetClock) -> None:
    give(ledger, [item()])
    clock.advance(timedelta(days=1))

    view = ledger.change(the_grant(ledger).grant_id, GrantTerm(LATER), FLOW, clock.now)

    assert (view.status, view.expires_at) == ("running", LATER)
    last = view.history[-1]
    assert (last.at, last.what, last.by, last.expires_at, last.job_id) == (
        clock.now,
        "Moved",
        FLOW,
        LATER,
        None,
    )
    assert ledger.get(view.grant_id) == view
    assert the_grant(ledger) == view
    assert ledger.running([user_id(0)])[user_id(0)][VISIO].expires_at == LATER
    assert (ledger.count_due(SOON), ledger.count_due(LATER)) == (0, 1)


def test_an_expiry_in_the_past_is_due_at_once(ledger: Ledger) -> None:
    give(ledger, [item()])

    ledger.change(the_grant(ledger).grant_id, GrantTerm(PAST), FLOW, NOW)

    assert [user.user_id for user in ledger.users_due(NOW)] == [user_id(0)]


def test_making_permanent_by_hand(ledger: Ledger) -> None:
    give(ledger, [item()])

    view = ledger.change(the_grant(ledger).grant_id, PERMANENT, FLOW, NOW)

    assert (view.status, view.reason, view.expires_at) == ("ended", "MadePermanent", None)
    assert (view.history[-1].what, view.history[-1].by) == ("MadePermanent", FLOW)
    assert the_grant(ledger, "ended") == view
    assert ledger.running([user_id(0)]) == {user_id(0): {}}
    assert ledger.count_due(LATER) == 0


def test_the_same_expiry_again_changes_nothing(ledger: Ledger) -> None:
    give(ledger, [item()])
    before = the_grant(ledger)

    assert ledger.change(before.grant_id, GrantTerm(SOON), FLOW, NOW) == before
    assert the_grant(ledger) == before


def test_an_ended_grant_stays_ended(ledger: Ledger) -> None:
    give(ledger, [item()])
    ledger.carry_out(job(Action.REMOVE, "second"), [(item(), plan(closes("Removed")))])

    with pytest.raises(Conflict) as refused:
        ledger.change(the_grant(ledger, "ended").grant_id, GrantTerm(LATER), FLOW, NOW)

    assert (refused.value.code, refused.value.status) == ("GrantEnded", 409)
    assert "Removed" in refused.value.message


@pytest.mark.parametrize(
    "grant_id", ["no guid", "", "../x", "user|1|2|3", "x" * 3000, "352cc5ad-e31b-4cbb-89c4-17aa346045fa"]
)
def test_an_id_that_nobody_gave_out(ledger: Ledger, grant_id: str) -> None:
    with pytest.raises(NotFound) as unread:
        ledger.get(grant_id)
    with pytest.raises(NotFound) as unchanged:
        ledger.change(grant_id, PERMANENT, FLOW, NOW)
    assert {unread.value.code, unchanged.value.code} == {"GrantNotFound"}


def test_ids_in_any_case(ledger: Ledger) -> None:
    give(ledger, [item()])

    assert ledger.get(the_grant(ledger).grant_id.upper()) == the_grant(ledger)


def test_a_long_history_keeps_its_beginning_and_its_end(ledger: Ledger) -> None:
    give(ledger, [item()])
    grant_id = the_grant(ledger).grant_id
    for day in range(1, MAX_HISTORY + 3):
        view = ledger.change(grant_id, GrantTerm(LATER + timedelta(days=day)), FLOW, NOW)

    assert len(view.history) == MAX_HISTORY
    assert (view.history[0].what, view.history[0].expires_at) == ("Granted", SOON)
    assert view.history[1].expires_at == LATER + timedelta(days=4)
    assert view.history[-1].expires_at == LATER + timedelta(days=MAX_HISTORY + 2)


def test_changing_costs_one_read_and_one_transaction(ledger: Ledger, storage: CountedStorage) -> None:
    give(ledger, [item()])
    grant_id = the_grant(ledger).grant_id
    storage.sent.clear()

    ledger.change(grant_id, GrantTerm(LATER), FLOW, NOW)

    assert dict(storage.sent) == {"GET": 1, "POST": 1}


# --- a person and a sweep -----------------------------------------------------------------------------------


def test_what_a_sweep_is_taking_cannot_be_changed(ledger: Ledger, clock: SetClock) -> None:
    give(ledger, [item()], opens(PAST))
    ledger.prepare(sweep_job(), [(item(), DUE_SOON)])
    grant_id = the_grant(ledger, "ending").grant_id

    with pytest.raises(Conflict) as refused:
        ledger.change(grant_id, GrantTerm(LATER), FLOW, clock.now)
    assert "sweep" in refused.value.message

    clock.advance(ANNOUNCED_FOR + timedelta(seconds=1))
    assert ledger.change(grant_id, GrantTerm(LATER), FLOW, clock.now).expires_at == LATER


def test_a_person_who_comes_first_keeps_the_licence(
    ledger: Ledger, slow: Ledger, racing: RacingStore
) -> None:
    """The grant is extended between the sweep's reading of it and its announcement."""
    give(ledger, items(40), opens(PAST))
    extended = ledger.find()[0][7]
    racing.meanwhile = lambda: ledger.change(extended.grant_id, GrantTerm(LATER), FLOW, NOW)

    moved = slow.prepare(sweep_job(), [(one, DUE_SOON) for one in items(40)])

    assert moved == {extended.user_id}
    assert the_grant(ledger).grant_id == extended.grant_id
    assert len(ledger.find(status="ending")[0]) == 39


@pytest.mark.parametrize("term", [GrantTerm(LATER), PERMANENT])
def test_a_person_who_comes_second_is_told(
    ledger: Ledger, slow: Ledger, racing: RacingStore, term: GrantTerm
) -> None:
    give(ledger, [item()], opens(PAST))
    grant_id = the_grant(ledger).grant_id
    racing.meanwhile = lambda: ledger.prepare(sweep_job(), [(item(), DUE_SOON)])

    with pytest.raises(Conflict):
        slow.change(grant_id, term, FLOW, NOW)

    assert the_grant(ledger, "ending").expires_at == PAST


def test_two_persons_at_once(ledger: Ledger, slow: Ledger, racing: RacingStore) -> None:
    """The second goes by what the first made of it: both stand in the history."""
    give(ledger, [item()])
    grant_id = the_grant(ledger).grant_id
    racing.meanwhile = lambda: ledger.change(grant_id, GrantTerm(NOW), FLOW, NOW)

    slow.change(grant_id, GrantTerm(LATER), FLOW, NOW)

    assert [event.expires_at for event in the_grant(ledger).history] == [SOON, NOW, LATER]
    assert (ledger.count_due(NOW), ledger.count_due(LATER)) == (0, 1)


def test_a_job_that_ends_a_grant_under_a_change(ledger: Ledger, slow: Ledger, racing: RacingStore) -> None:
    give(ledger, [item()])
    grant_id = the_grant(ledger).grant_id
    removal = job(Action.REMOVE, "second")
    racing.meanwhile = lambda: ledger.carry_out(removal, [(item(), plan(closes("Removed")))])

    with pytest.raises(Conflict):
        slow.change(grant_id, GrantTerm(LATER), FLOW, NOW)

    assert ledger.find()[0] == []


def test_persons_and_a_sweep_all_at_once_agree(ledger: Ledger) -> None:
    """Who was told 'extended' keeps the licence; whoever was not is announced by the sweep."""
    users = items(30)
    give(ledger, users, opens(PAST))
    views = ledger.find()[0]

    def extend(view: GrantView) -> str | None:
        try:
            ledger.change(view.grant_id, GrantTerm(LATER), FLOW, NOW)
        except Conflict:
            return None
        return view.user_id

    with ThreadPoolExecutor(4) as pool:
        told = pool.map(extend, views)
        moved = pool.submit(ledger.prepare, sweep_job(), [(one, DUE_SOON) for one in users])
        extended = {user for user in told if user}

    assert moved.result() == extended
    assert {view.user_id for view in ledger.find()[0]} == extended
    assert {view.user_id for view in ledger.find(status="ending")[0]} == {
        one.user_id for one in users
    } - extended


# --- find ---------------------------------------------------------------------------------------------------


@pytest.fixture
def some(ledger: Ledger, clock: SetClock) -> Ledger:
    """Users 0 to 4, whose grants expire in that order; 3 has a second licence; 5 and 6 have ended, 5 first.

    The grant of user 0 is due and a sweep is about to take it.
    """
    for n in range(5):
        give(ledger, [item(n)], opens(PAST + timedelta(days=n)))
    give(ledger, [item(3)], opens(LATER, PROJECT))
    give(ledger, [item(5), item(6)], opens(PAST))
    for n, reason in ((5, "Expired"), (6, "MadePermanent")):
        clock.advance(timedelta(milliseconds=1))
        ledger.carry_out(job(name="end"), [(item(n), plan(closes(reason)))])
    ledger.prepare(sweep_job(), [(item(0), DUE_SOON)])
    return ledger


def test_lists_by_status(some: Ledger) -> None:
    running = ["User 1", "User 2", "User 3", "User 4", "User 3"]
    assert listed(some) == listed(some, "running") == running
    assert listed(some, "ending") == ["User 0"]
    assert listed(some, "ended") == ["User 6", "User 5"]


def test_lists_of_one_user_licence_or_time(some: Ledger) -> None:
    assert listed(some, user=user_id(3)) == ["User 3", "User 3"]
    assert listed(some, user=user_id(3), sku=PROJECT) == ["User 3"]
    assert listed(some, user=user_id(3), before=LATER) == ["User 3"]
    assert listed(some, user=user_id(0)) == []
    assert listed(some, "ending", user=user_id(0)) == ["User 0"]
    assert listed(some, user=user_id(5)) == []
    assert listed(some, "ended", user=user_id(5)) == ["User 5"]
    assert listed(some, sku=PROJECT) == ["User 3"]
    assert listed(some, sku=str(uuid5(NAMESPACE_DNS, "unknown"))) == []
    assert listed(some, before=PAST + timedelta(days=2)) == ["User 1"]
    assert listed(some, before=PAST + timedelta(days=2, microseconds=1)) == ["User 1", "User 2"]
    assert listed(some, "ended", before=LATER) == ["User 5"]
    assert listed(some, "ended", before=PAST) == []


@pytest.mark.parametrize("user", [None, user_id(0)])
@pytest.mark.parametrize("status", ["running", "ended"])
def test_page_by_page(ledger: Ledger, clock: SetClock, status: GrantStatus, user: str | None) -> None:
    """Each once and in order, with times that many share."""
    skus = [str(uuid5(NAMESPACE_DNS, f"sku {n}")) for n in range(7)]
    who = [item(0)] if user else items(3)
    for n, sku_id in enumerate(skus):
        give(ledger, who, opens(SOON + timedelta(days=n // 3), sku_id))
    if status == "ended":
        for sku_id in skus:
            ledger.carry_out(job(name="end"), [(one, plan(closes("Removed", sku_id))) for one in who])
    whole = ledger.find(status=status, user_id=user)[0]

    pages, cursor = [], None
    while True:
        page, cursor = ledger.find(status=status, user_id=user, page_size=4, cursor=cursor)
        pages.append(page)
        if cursor is None:
            break

    assert [view for page in pages for view in page] == whole
    assert len(whole) == 7 * len(who)
    assert {len(page) for page in pages[:-1]} == {4}


@pytest.mark.parametrize("cursor", ["~", "a", "id|", "due|' or '1' eq '1", "\u0000"])
def test_a_cursor_from_elsewhere_does_no_harm(some: Ledger, cursor: str) -> None:
    views, _ = some.find(cursor=cursor)

    assert {view.status for view in views} <= {"running"}
