"""What jobs do to grants: opened before the write, moved and ended after it, whatever is repeated."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from shared.api.other_bodies import GrantTerm
from shared.api.record_answers import GrantView
from shared.ledger import ANNOUNCED_FOR, Ledger
from shared.models import Action, LicensePlan
from shared.storage.connection import Storage
from tests.integration.ledger.builders import (
    ADELE,
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
    job,
    makes_permanent,
    moves,
    opens,
    plan,
    sweep_job,
    user_id,
)
from tests.integration.ledger.conftest import CountedStorage


def running(ledger: Ledger, n: int = 0, sku_id: str = VISIO) -> datetime | None:
    """The expiry that planning sees; None where nothing runs."""
    grant = ledger.running([user_id(n)])[user_id(n)].get(sku_id)
    return grant.expires_at if grant else None


def ended(ledger: Ledger) -> list[GrantView]:
    return ledger.find(status="ended")[0]


def only(views: list[GrantView]) -> GrantView:
    assert len(views) == 1
    return views[0]


# --- open ---------------------------------------------------------------------------------------------------


def test_a_grant_is_on_record_before_its_licence_is_assigned(ledger: Ledger) -> None:
    first = job()

    assert ledger.prepare(first, [(item(), plan(opens()))]) == set()

    view = only(ledger.find()[0])
    assert (view.user_id, view.sku_id, view.expires_at, view.job_id) == (
        user_id(0),
        VISIO,
        SOON,
        first.job_id,
    )
    assert (view.user_principal_name, view.user_display_name) == ("user0@contoso.com", "User 0")
    assert (view.status, view.reason, view.created_at) == ("running", None, NOW)
    assert [(event.at, event.what, event.by, event.expires_at, event.job_id) for event in view.history] == [
        (NOW, "Granted", ADELE, SOON, first.job_id)
    ]
    assert ledger.get(view.grant_id) == view
    assert running(ledger) == SOON


@pytest.mark.parametrize("times", [1, 2])
def test_a_crash_between_prepare_and_carry_out_repeats_both_and_grants_once(
    ledger: Ledger, times: int
) -> None:
    entries = [(item(), plan(opens(), opens(LATER, PROJECT)))]
    for _ in range(1 + times):
        ledger.prepare(job(), entries)
    for _ in range(times):
        ledger.carry_out(job(), entries)

    assert {view.sku_id: view.expires_at for view in ledger.find()[0]} == {VISIO: SOON, PROJECT: LATER}
    assert ended(ledger) == []


def test_carry_out_opens_what_is_missing(ledger: Ledger) -> None:
    """An undo gives an expiry back without any write, so nothing was prepared."""
    without_write = LicensePlan(plan().status, grants=(opens(),))

    ledger.carry_out(job(Action.UNDO), [(item(), without_write)])

    assert running(ledger) == SOON


def test_a_stale_grant_gives_way_to_the_new_one_at_once(ledger: Ledger) -> None:
    give(ledger, [item()])
    second = job(name="second")

    entries = [(item(), plan(closes("AlreadyGone"), opens(LATER)))]
    ledger.prepare(second, entries)
    ledger.prepare(second, entries)
    ledger.carry_out(second, entries)

    new, old = only(ledger.find()[0]), only(ended(ledger))
    assert (new.expires_at, new.job_id) == (LATER, second.job_id)
    assert (old.status, old.reason, old.expires_at, old.job_id) == (
        "ended",
        "AlreadyGone",
        SOON,
        job().job_id,
    )
    assert [event.what for event in old.history] == ["Granted", "Ended"]
    assert ledger.get(old.grant_id) == old


def test_a_grant_that_the_plan_does_not_know_of_sends_the_user_back_to_planning(ledger: Ledger) -> None:
    give(ledger, [item(1)])

    moved = ledger.prepare(job(name="second"), [(item(0), plan(opens())), (item(1), plan(opens(LATER)))])

    assert moved == {user_id(1)}
    assert (running(ledger, 0), running(ledger, 1)) == (SOON, SOON)


def test_a_write_that_did_not_happen_ends_its_grant(ledger: Ledger) -> None:
    entries = [(item(), plan(opens()))]
    ledger.prepare(job(), entries)

    ledger.not_assigned(job(), entries)
    ledger.not_assigned(job(), entries)

    assert running(ledger) is None
    assert only(ended(ledger)).reason == "NotAssigned"


def test_a_rerun_makes_a_new_grant_with_the_first_expiry(ledger: Ledger) -> None:
    entries = [(item(), plan(opens()))]
    ledger.prepare(job(), entries)
    ledger.not_assigned(job(), entries)

    ledger.prepare(job(), entries)
    ledger.carry_out(job(), entries)

    assert running(ledger) == SOON
    assert only(ledger.find()[0]).grant_id != only(ended(ledger)).grant_id


def test_a_write_that_did_not_happen_leaves_the_grants_of_other_jobs(ledger: Ledger) -> None:
    give(ledger, [item()])

    ledger.not_assigned(job(name="second"), [(item(), plan(closes("AlreadyGone"), opens(LATER)))])

    assert running(ledger) == SOON


# --- move, end, make permanent ------------------------------------------------------------------------------


def test_moving(ledger: Ledger) -> None:
    give(ledger, [item()])
    second = job(name="second")

    for _ in range(2):
        ledger.carry_out(second, [(item(), plan(moves(LATER)))])

    view = only(ledger.find()[0])
    assert (view.expires_at, view.job_id) == (LATER, job().job_id)
    assert [(event.what, event.expires_at, event.job_id) for event in view.history] == [
        ("Granted", SOON, job().job_id),
        ("Moved", LATER, second.job_id),
    ]
    assert list(ledger.users_due(SOON)) == []
    assert ledger.count_due(LATER) == 1


def test_an_assign_never_shortens_but_an_undo_puts_the_former_expiry_back(ledger: Ledger) -> None:
    give(ledger, [item()], opens(LATER))

    ledger.carry_out(job(name="second"), [(item(), plan(moves(SOON)))])
    assert running(ledger) == LATER

    ledger.carry_out(job(Action.UNDO, "third"), [(item(), plan(moves(SOON)))])
    assert running(ledger) == SOON


@pytest.mark.parametrize("reason", ["Removed", "Replaced", "Undone", "AlreadyGone", "UserDeleted", "Expired"])
def test_ending(ledger: Ledger, reason: str) -> None:
    give(ledger, [item(0), item(1)])
    second = job(Action.REMOVE, "second")

    for _ in range(2):
        ledger.carry_out(second, [(item(), plan(closes(reason)))])

    view = only(ended(ledger))
    assert (view.user_id, view.reason, view.status, view.expires_at) == (user_id(0), reason, "ended", SOON)
    assert [(event.what, event.job_id) for event in view.history] == [
        ("Granted", job().job_id),
        ("Ended", second.job_id),
    ]
    assert ledger.get(view.grant_id) == view
    assert (running(ledger, 0), running(ledger, 1)) == (None, SOON)
    assert [user.user_id for user in ledger.users_due(SOON)] == [user_id(1)]


def test_making_permanent(ledger: Ledger) -> None:
    give(ledger, [item()])

    for _ in range(2):
        ledger.carry_out(job(name="second"), [(item(), plan(makes_permanent()))])

    view = only(ended(ledger))
    assert (view.reason, view.status, view.expires_at) == ("MadePermanent", "ended", None)
    assert [(event.what, event.expires_at) for event in view.history] == [
        ("Granted", SOON),
        ("MadePermanent", None),
    ]
    assert ledger.count_due(LATER) == 0


def test_steps_of_one_user_do_not_touch_another_licence(ledger: Ledger) -> None:
    give(ledger, [item()], opens(), opens(LATER, PROJECT))

    ledger.carry_out(job(Action.REPLACE, "second"), [(item(), plan(closes("Replaced")))])

    assert (running(ledger), running(ledger, sku_id=PROJECT)) == (None, LATER)


# --- what a crash held up -----------------------------------------------------------------------------------


def test_a_job_that_comes_back_does_not_undo_what_a_person_made_permanent(ledger: Ledger) -> None:
    """The licence was assigned, the process died before it said so, and meanwhile a person decided."""
    entries = [(item(), plan(opens()))]
    ledger.prepare(job(), entries)
    ledger.carry_out(job(name="permanent"), [(item(), plan(makes_permanent()))])

    ledger.carry_out(job(), entries)

    assert running(ledger) is None
    assert only(ended(ledger)).reason == "MadePermanent"


def test_a_job_that_comes_back_opens_a_grant_that_it_had_given_up(ledger: Ledger) -> None:
    entries = [(item(), plan(opens()))]
    ledger.prepare(job(), entries)
    ledger.not_assigned(job(), entries)

    ledger.carry_out(job(), entries)

    assert running(ledger) == SOON


# --- a sweep's announcement ---------------------------------------------------------------------------------


def test_a_sweep_announces_what_it_takes_and_then_ends_it(ledger: Ledger) -> None:
    give(ledger, [item()], opens(PAST))
    entries = [(item(), plan(expires()))]

    assert ledger.prepare(sweep_job(), entries) == set()
    assert ledger.prepare(sweep_job(), entries) == set()
    ending = only(ledger.find(status="ending")[0])
    assert ending.status == "ending"
    assert ledger.find(status="running")[0] == []
    assert running(ledger) == PAST

    ledger.carry_out(sweep_job(), entries)

    view = only(ended(ledger))
    assert (view.grant_id, view.reason, view.expires_at) == (ending.grant_id, "Expired", PAST)
    assert [event.job_id for event in view.history] == [job().job_id, sweep_job().job_id]


def test_a_refused_removal_runs_on(ledger: Ledger) -> None:
    give(ledger, [item()], opens(PAST))
    entries = [(item(), plan(expires()))]
    ledger.prepare(sweep_job(), entries)

    ledger.not_assigned(sweep_job(), entries)

    view = only(ledger.find()[0])
    assert (view.status, view.expires_at, len(view.history)) == ("running", PAST, 1)
    assert ledger.count_due(NOW) == 1


def test_a_sweep_takes_back_only_its_own_announcement(ledger: Ledger) -> None:
    give(ledger, [item()], opens(PAST))
    entries = [(item(), plan(expires()))]
    ledger.prepare(sweep_job(), entries)

    ledger.not_assigned(sweep_job("other"), entries)

    assert only(ledger.find(status="ending")[0]).status == "ending"


def test_what_is_not_due_any_more_sends_the_user_back_to_planning(ledger: Ledger) -> None:
    """One moved, one ended, one with two of which one moved; the fourth is as it was."""
    give(ledger, [item(n) for n in (0, 1, 3)], opens(PAST))
    give(ledger, [item(2)], opens(PAST), opens(PAST, PROJECT))
    later = job(name="later")
    ledger.carry_out(later, [(item(0), plan(moves(LATER))), (item(1), plan(closes("Removed")))])
    ledger.carry_out(later, [(item(2), plan(moves(LATER, PROJECT)))])

    moved = ledger.prepare(
        sweep_job(),
        [
            (item(0), plan(expires())),
            (item(1), plan(expires())),
            (item(2), plan(expires(), expires(PROJECT))),
            (item(3), plan(expires())),
        ],
    )

    assert moved == {user_id(0), user_id(1), user_id(2)}
    assert [view.user_id for view in ledger.find(status="ending")[0]] == [user_id(3)]


def test_the_announcement_of_a_sweep_that_died_lapses(ledger: Ledger, clock: SetClock) -> None:
    give(ledger, [item()], opens(PAST))
    ledger.prepare(sweep_job(), [(item(), plan(expires()))])

    clock.advance(ANNOUNCED_FOR)
    assert ledger.find(status="ending")[0] != []
    clock.advance(timedelta(microseconds=1))

    assert ledger.find(status="ending")[0] == []
    assert only(ledger.find()[0]).status == "running"
    assert ledger.prepare(sweep_job("next"), [(item(), plan(expires()))]) == set()
    assert only(ledger.find(status="ending")[0]).status == "ending"


def test_moving_a_grant_takes_the_announcement_away(ledger: Ledger) -> None:
    give(ledger, [item()], opens(PAST))
    ledger.prepare(sweep_job(), [(item(), plan(expires()))])

    ledger.carry_out(job(name="second"), [(item(), plan(moves(LATER)))])

    assert only(ledger.find()[0]).status == "running"


# --- rows that were lost ------------------------------------------------------------------------------------


def lose_due_rows(storage: Storage) -> None:
    rows = storage.table("grants").query_entities("RowKey ge 'due|' and RowKey lt 'due}'")
    for row in list(rows):
        storage.table("grants").delete_entity(row)


def test_a_grant_without_its_row_by_expiry_can_still_be_ended(
    ledger: Ledger, storage: CountedStorage
) -> None:
    """As where tables were restored in part: a job over such a user would try for ever."""
    give(ledger, [item(0), item(1)])
    lose_due_rows(storage)

    ledger.carry_out(job(name="later"), [(item(0), plan(makes_permanent())), (item(1), plan(moves(LATER)))])

    assert only(ended(ledger)).reason == "MadePermanent"
    assert only(ledger.find()[0]).expires_at == LATER
    assert (ledger.count_due(SOON), ledger.count_due(LATER)) == (0, 1)


def test_a_grant_without_its_row_by_expiry_is_found_again(ledger: Ledger, storage: CountedStorage) -> None:
    """Otherwise no sweep would ever take it."""
    give(ledger, [item(0), item(1)])
    lose_due_rows(storage)
    give(ledger, [item(2)])
    assert ledger.count_due(SOON) == 1

    ledger.put_back_due_rows()

    assert ledger.count_due(SOON) == 3
    assert len(ledger.find()[0]) == 3


def test_a_person_can_still_move_a_grant_without_its_row_by_expiry(
    ledger: Ledger, storage: CountedStorage
) -> None:
    give(ledger, [item()])
    grant_id = only(ledger.find()[0]).grant_id
    lose_due_rows(storage)

    assert ledger.change(grant_id, GrantTerm(LATER), ADELE, NOW).expires_at == LATER
    assert ledger.count_due(LATER) == 1
