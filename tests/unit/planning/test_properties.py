"""What holds of every plan, whoever the user is and whatever is asked."""

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from shared.models import (
    Action,
    Before,
    ChangeRequest,
    HeldLicense,
    Intent,
    ItemStatus,
    LicensePlan,
    LicenseRequest,
)
from shared.planning import Applied, license_applied, location_applied, same_as_planned
from tests.unit.planning.builders import (
    CATALOG,
    E1,
    E3,
    EMS,
    F3,
    GROUP,
    LATER,
    NOW,
    SOON,
    VISIO,
    World,
    grant,
    item_of,
    user,
    world,
)

POOL = (E1, E3, F3, EMS, VISIO)
EXPIRIES = (SOON, SOON.replace(hour=20), LATER)

fast = settings(max_examples=150, derandomize=True, deadline=None, database=None)


def plans_of(sku_id: str) -> st.SearchStrategy[tuple[str, ...]]:
    ids = [plan.service_plan_id for plan in CATALOG[sku_id].service_plans]
    return st.lists(st.sampled_from(ids), unique=True).map(lambda chosen: tuple(sorted(chosen)))


@st.composite
def held(draw: st.DrawFn, sku_id: str) -> HeldLicense | None:
    """Not at all, directly, by inheritance, or both ways."""
    is_direct, is_inherited = draw(st.booleans()), draw(st.booleans())
    if not (is_direct or is_inherited):
        return None
    plans = draw(plans_of(sku_id)) if is_direct else ()
    return HeldLicense(sku_id, is_direct, plans, (GROUP,) if is_inherited else ())


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Any user, with running grants of licences that are held directly or are not (any more)."""
    licenses = [one for one in (draw(held(sku_id)) for sku_id in POOL) if one]
    granted = draw(st.lists(st.sampled_from(POOL), unique=True, max_size=3))
    grants = [grant(sku_id, draw(st.sampled_from(EXPIRIES))) for sku_id in granted]
    return world(user(*licenses, location=draw(st.sampled_from([None, "DE", "FR"]))), *grants)


@st.composite
def wanted_licenses(draw: st.DrawFn, sku_ids: list[str]) -> tuple[LicenseRequest, ...]:
    return tuple(LicenseRequest(sku_id, draw(st.none() | plans_of(sku_id))) for sku_id in sku_ids)


@st.composite
def requests(draw: st.DrawFn) -> ChangeRequest:
    """Any assign, remove or replace that a job may hold: no skuId in both `licenses` and `replaces`."""
    chosen = draw(st.lists(st.sampled_from(POOL), unique=True, min_size=2, max_size=4))
    action = draw(st.sampled_from([Action.ASSIGN, Action.REMOVE, Action.REPLACE]))
    if action is Action.REMOVE:
        return ChangeRequest(action, remove_sku_ids=tuple(chosen))
    split = draw(st.integers(1, len(chosen) - 1)) if action is Action.REPLACE else len(chosen)
    replaces = draw(st.just("all") | st.just(tuple(chosen[split:]))) if action is Action.REPLACE else ()
    return ChangeRequest(
        action,
        licenses=draw(wanted_licenses(chosen[:split])),
        replaces=replaces,  # type: ignore[arg-type] # hypothesis widens the literal "all" to str
        usage_location=draw(st.sampled_from([None, "DE", "FR"])),
        usage_location_mode=draw(st.sampled_from(["always", "ifMissing"])),
        keep_disabled_plans=action is Action.REPLACE and draw(st.booleans()),
        expires_at=draw(st.none() | st.sampled_from(EXPIRIES)) if action is Action.ASSIGN else None,
    )


def direct_licenses(at: World) -> dict[str, tuple[object, ...]]:
    """The direct assignments with their disabled plans and expiries."""
    return {
        one.sku_id: (frozenset(one.disabled_plans), one.expires_at) for one in at.user.licenses if one.direct
    }


def inherited_sku_ids(at: World) -> set[str]:
    return {one.sku_id for one in at.user.licenses if one.inherited_from}


def changes_something(plan: LicensePlan) -> bool:
    return bool(plan.writes or plan.regrants or plan.grants)


@fast
@given(worlds(), requests())
def test_planning_its_own_result_changes_nothing(start: World, request: ChangeRequest) -> None:
    again = start.after(start.plan(request)).plan(request)
    assert not changes_something(again)
    assert again.status is not ItemStatus.CHANGED
    assert again.reason


@fast
@given(worlds(), requests())
def test_a_license_stands_in_one_list_at_most(start: World, request: ChangeRequest) -> None:
    plan = start.plan(request)
    listed = [*(one.sku_id for one in plan.add + plan.regrants), *plan.remove]
    assert len(listed) == len(set(listed))


@fast
@given(worlds(), requests())
def test_what_is_not_named_is_not_touched(start: World, request: ChangeRequest) -> None:
    named = {one.sku_id for one in request.licenses} | set(request.remove_sku_ids)
    named |= set(direct_licenses(start)) if request.replaces == "all" else set(request.replaces)
    end = start.after(start.plan(request))
    for sku_id in set(POOL) - named:
        assert end.user.held(sku_id) == start.user.held(sku_id)
        assert end.grants.get(sku_id) == start.grants.get(sku_id)
    assert inherited_sku_ids(end) == inherited_sku_ids(start)


@fast
@given(worlds(), requests())
def test_every_write_changes_something(start: World, request: ChangeRequest) -> None:
    plan = start.plan(request)
    before = direct_licenses(start)
    for one in plan.add:
        assert before.get(one.sku_id, (None,))[0] != frozenset(one.disabled_plans)
    for one in plan.regrants:
        assert before[one.sku_id][0] == frozenset(one.disabled_plans)
        assert before[one.sku_id][1] != one.expires_at
    assert set(plan.remove) <= before.keys()
    assert plan.location is None or plan.location.after != start.user.usage_location


@fast
@given(worlds(), requests())
def test_the_status_tells_what_is_done(start: World, request: ChangeRequest) -> None:
    plan = start.plan(request)
    listed = bool(plan.writes or plan.regrants)
    if plan.status is ItemStatus.FAILED:
        assert plan.error
        assert plan.reason == plan.error.code
        assert not listed or (request.action is Action.REMOVE and plan.remove and not plan.add)
    else:
        assert plan.error is None
        assert plan.status is (ItemStatus.CHANGED if listed else ItemStatus.UNCHANGED)


@fast
@given(worlds(), requests())
def test_a_temporary_license_is_recorded_and_what_was_held_before_is_not(
    start: World, request: ChangeRequest
) -> None:
    end = start.after(start.plan(request))
    for sku_id, (_, expires_at) in direct_licenses(end).items():
        former = direct_licenses(start).get(sku_id)
        if former and former[1] is None:
            assert expires_at is None, "held for good before: no expiry comes upon it"
        if not former:
            assert expires_at == request.expires_at


@fast
@given(worlds(), requests())
def test_a_swap_leaves_nobody_without(start: World, request: ChangeRequest) -> None:
    assume(request.action is Action.REPLACE)
    plan = start.plan(request)
    end = start.after(plan)
    if plan.remove:
        assert all(end.user.held(one.sku_id) for one in request.licenses)


@fast
@given(worlds(), requests())
def test_undo_gives_back_what_was_held(start: World, request: ChangeRequest) -> None:
    assume(start.user.usage_location or request.usage_location)
    plan = start.plan(request)
    changed = start.after(plan)
    undone = changed.after(changed.undo(item_of(plan, start.user), request.action))
    assert direct_licenses(undone) == direct_licenses(start)
    assert inherited_sku_ids(undone) == inherited_sku_ids(start)
    assert undone.user.usage_location == (start.user.usage_location or changed.user.usage_location)


@fast
@given(worlds(), requests())
def test_undo_of_undo_does_it_again(start: World, request: ChangeRequest) -> None:
    assume(start.user.usage_location or request.usage_location)
    plan = start.plan(request)
    changed = start.after(plan)
    undo = changed.undo(item_of(plan, start.user), request.action)
    undone = changed.after(undo)
    again = undone.after(undone.undo(item_of(undo, changed.user), Action.UNDO))
    assert direct_licenses(again) == direct_licenses(changed)
    assert again.user.usage_location == changed.user.usage_location


@fast
@given(worlds(), requests())
def test_a_second_undo_finds_it_changed_since(start: World, request: ChangeRequest) -> None:
    assume(start.user.usage_location or request.usage_location)
    plan = start.plan(request)
    item = item_of(plan, start.user)
    changed = start.after(plan)
    first = changed.undo(item, request.action)
    second = changed.after(first).undo(item, request.action)
    assert not changes_something(second)
    assert second.status is ItemStatus.UNCHANGED


@fast
@given(worlds(), requests())
def test_a_reading_tells_whether_the_writes_took_effect(start: World, request: ChangeRequest) -> None:
    plan = start.plan(request)
    before = Before(start.user.licenses, start.user.usage_location)
    intent = Intent(plan, before, NOW)
    end = start.after(plan)
    assert license_applied(intent, end.user) is Applied.APPLIED
    assert location_applied(intent, end.user) is Applied.APPLIED
    if plan.writes_license:
        assert license_applied(intent, start.user) is Applied.NOT_APPLIED
    if plan.location:
        assert location_applied(intent, start.user) is Applied.NOT_APPLIED
    assert same_as_planned(before, end.user) == (plan.writes == 0)
