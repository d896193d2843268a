"""replace, held against its text."""

from dataclasses import replace

import pytest

from shared.models import LocationChange, ServicePlan
from shared.planning import plan_user
from tests.unit.planning.builders import (
    CATALOG,
    E1,
    E3,
    EMS,
    F3,
    GROUP,
    NOW,
    SOON,
    SWAY,
    TEAMS,
    VISIO,
    Case,
    added,
    changed,
    check_case,
    closed,
    direct,
    failed,
    grant,
    inherited,
    made_permanent,
    plan_id,
    swap,
    unchanged,
    user,
    wanted,
)

NOTHING = unchanged("NothingToReplace")
INHERITED = failed("LicenseInherited", warnings=("InheritedOnly",))
TO_DE, TO_FR = LocationChange(None, "DE"), LocationChange("DE", "FR")
OTHER_PLAN = plan_id("EXCHANGE_S_STANDARD")  # in E1, not in E3

WHAT_IS_REPLACED = [
    Case(
        "one named and held: one call",
        user(direct(E1)),
        swap((E1,), E3),
        changed(add=(added(E3),), take=(E1,)),
    ),
    Case(
        "others stay",
        user(direct(E1), direct(VISIO)),
        swap((E1,), E3),
        changed(add=(added(E3),), take=(E1,)),
    ),
    Case(
        "several named, one held",
        user(direct(F3)),
        swap((E1, F3), E3),
        changed(add=(added(E3),), take=(F3,)),
    ),
    Case(
        "several named, all held",
        user(direct(E1), direct(EMS)),
        swap((E1, EMS), E3),
        changed(add=(added(E3),), take=(E1, EMS)),
    ),
    Case("named and not held: no licence either", user(direct(F3)), swap((E1,), E3), NOTHING),
    Case(
        "all: every direct one",
        user(direct(E1), direct(VISIO)),
        swap("all", E3),
        changed(add=(added(E3),), take=(E1, VISIO)),
    ),
    Case("all, holds nothing", user(), swap("all", E3), NOTHING),
    Case("all, holds only the replacement", user(direct(E3)), swap("all", E3), NOTHING),
    Case("all, holds only inherited ones", user(inherited(E1)), swap("all", E3), NOTHING),
    Case(
        "all: inherited ones stay",
        user(direct(E1), inherited(VISIO)),
        swap("all", E3),
        changed(add=(added(E3),), take=(E1,)),
    ),
    Case(
        "all, one held both ways: the direct one goes",
        user(direct(VISIO, groups=(GROUP,))),
        swap("all", E3),
        changed(add=(added(E3),), take=(VISIO,), warnings=("StillInherited",)),
    ),
    Case("named and only inherited", user(inherited(E1)), swap((E1,), E3), INHERITED),
    Case(
        "one named is only inherited, another direct: nothing is written",
        user(inherited(E1), direct(F3)),
        swap((E1, F3), E3),
        INHERITED,
    ),
    Case(
        "named and only inherited: no location either",
        user(inherited(E1), location=None),
        swap((E1,), E3, location="DE"),
        INHERITED,
    ),
    Case(
        "named and held both ways",
        user(direct(VISIO, groups=(GROUP,))),
        swap((VISIO,), E3),
        changed(add=(added(E3),), take=(VISIO,), warnings=("StillInherited",)),
    ),
]

REPLACEMENTS = [
    Case(
        "held directly: kept, not added",
        user(direct(E1), direct(E3, TEAMS)),
        swap((E1,), E3),
        changed(take=(E1,)),
    ),
    Case(
        "held by inheritance: kept, not added, even where plans are named",
        user(direct(E1), inherited(E3)),
        swap((E1,), wanted(E3, (TEAMS,))),
        changed(take=(E1,)),
    ),
    Case(
        "held directly, plans differ",
        user(direct(E1), direct(E3, TEAMS)),
        swap((E1,), wanted(E3, ())),
        changed(add=(added(E3),), take=(E1,)),
    ),
    Case(
        "held directly, plans are the same",
        user(direct(E1), direct(E3, TEAMS)),
        swap((E1,), wanted(E3, (TEAMS,))),
        changed(take=(E1,)),
    ),
    Case(
        "several, one held: only the other is listed",
        user(direct(E1), direct(EMS)),
        swap((E1,), E3, EMS),
        changed(add=(added(E3),), take=(E1,)),
    ),
    Case(
        "plans differ but nothing is to be replaced",
        user(direct(E3, TEAMS)),
        swap((E1,), wanted(E3, ())),
        NOTHING,
    ),
]

LOCATIONS = [
    Case(
        "location and swap",
        user(direct(E1)),
        swap((E1,), E3, location="FR"),
        changed(add=(added(E3),), take=(E1,), location=TO_FR),
    ),
    Case(
        "nothing to replace: the location is written and the reason stays",
        user(),
        swap((E1,), E3, location="FR"),
        changed(location=TO_FR, reason="NothingToReplace"),
    ),
    Case("nothing to replace, no location needed", user(location=None), swap((E1,), E3), NOTHING),
    Case(
        "nothing to replace, location there",
        user(),
        swap((E1,), E3, location="FR", mode="ifMissing"),
        NOTHING,
    ),
    Case(
        "no location and none given: nothing is written, the old licence stays",
        user(direct(E1), location=None),
        swap((E1,), E3),
        failed("UsageLocationMissing", warnings=("UsageLocationMissing",)),
    ),
    Case(
        "no location, given if missing",
        user(direct(E1), location=None),
        swap((E1,), E3, location="DE", mode="ifMissing"),
        changed(add=(added(E3),), take=(E1,), location=TO_DE),
    ),
    Case(
        "no location, but the replacement is held: nothing is added",
        user(direct(E1), direct(E3), location=None),
        swap((E1,), E3),
        changed(take=(E1,)),
    ),
]

KEPT_OFF = [
    Case(
        "off by default means on: without keepDisabledPlans nothing is carried over",
        user(direct(E1, TEAMS)),
        swap((E1,), E3),
        changed(add=(added(E3),), take=(E1,)),
    ),
    Case(
        "carried over",
        user(direct(E1, TEAMS)),
        swap((E1,), E3, keep_disabled_plans=True),
        changed(add=(added(E3, TEAMS),), take=(E1,)),
    ),
    Case(
        "only plans that the replacement has",
        user(direct(E1, TEAMS, OTHER_PLAN)),
        swap((E1,), E3, keep_disabled_plans=True),
        changed(add=(added(E3, TEAMS),), take=(E1,)),
    ),
    Case(
        "together with the named ones",
        user(direct(E1, TEAMS)),
        swap((E1,), wanted(E3, (SWAY,)), keep_disabled_plans=True),
        changed(add=(added(E3, TEAMS, SWAY),), take=(E1,)),
    ),
    Case(
        "off in one replaced licence, on in the other: on",
        user(direct(E1, TEAMS), direct(F3)),
        swap((E1, F3), E3, keep_disabled_plans=True),
        changed(add=(added(E3),), take=(E1, F3)),
    ),
    Case(
        "off in every replaced licence that has it",
        user(direct(E1, TEAMS), direct(VISIO)),
        swap("all", E3, keep_disabled_plans=True),
        changed(add=(added(E3, TEAMS),), take=(E1, VISIO)),
    ),
    Case(
        "a licence that stays has no say",
        user(direct(E1, TEAMS), direct(F3)),
        swap((E1,), EMS, E3, keep_disabled_plans=True),
        changed(add=(added(EMS), added(E3, TEAMS)), take=(E1,), warnings=("PlanConflict",)),
    ),
    Case(
        "a replacement held already is kept as it is",
        user(direct(E1, TEAMS), direct(E3)),
        swap((E1,), E3, keep_disabled_plans=True),
        changed(take=(E1,)),
    ),
    Case(
        "a replacement held already for which plans are named",
        user(direct(E1, TEAMS), direct(E3, TEAMS)),
        swap((E1,), wanted(E3, (SWAY,)), keep_disabled_plans=True),
        changed(add=(added(E3, TEAMS, SWAY),), take=(E1,)),
    ),
    Case(
        "a replaced licence that the tenant no longer lists",
        user(direct("0" * 36, TEAMS)),
        swap("all", E3, keep_disabled_plans=True),
        changed(add=(added(E3, TEAMS),), take=("0" * 36,)),
    ),
]

GRANTS = [
    Case(
        "of a replaced licence: ends",
        user(direct(E1)),
        swap((E1,), E3),
        changed(add=(added(E3),), take=(E1,), grants=(closed(E1, "Replaced"),)),
        grants=(grant(E1, SOON),),
    ),
    Case(
        "of a replacement: becomes permanent",
        user(direct(E1), direct(E3, TEAMS)),
        swap((E1,), E3),
        changed(take=(E1,), regrants=(added(E3, TEAMS),), grants=(made_permanent(E3),)),
        grants=(grant(E3, SOON),),
    ),
    Case(
        "of a replacement whose plans change too",
        user(direct(E1), direct(E3, TEAMS)),
        swap((E1,), wanted(E3, ())),
        changed(add=(added(E3),), take=(E1,), grants=(made_permanent(E3),)),
        grants=(grant(E3, SOON),),
    ),
    Case(
        "of a replacement that was taken by hand",
        user(direct(E1)),
        swap((E1,), E3),
        changed(add=(added(E3),), take=(E1,), grants=(closed(E3, "AlreadyGone"),)),
        grants=(grant(E3, SOON),),
    ),
    Case(
        "of a replacement, but nothing is to be replaced: runs on",
        user(direct(E3)),
        swap((E1,), E3),
        NOTHING,
        grants=(grant(E3, SOON),),
    ),
    Case(
        "of another licence: runs on",
        user(direct(E1), direct(VISIO)),
        swap((E1,), E3),
        changed(add=(added(E3),), take=(E1,)),
        grants=(grant(VISIO, SOON),),
    ),
]


@pytest.mark.parametrize("case", WHAT_IS_REPLACED, ids=str)
def test_what_is_replaced(case: Case) -> None:
    check_case(case)


@pytest.mark.parametrize("case", REPLACEMENTS, ids=str)
def test_replacement(case: Case) -> None:
    check_case(case)


@pytest.mark.parametrize("case", LOCATIONS, ids=str)
def test_location(case: Case) -> None:
    check_case(case)


@pytest.mark.parametrize("case", KEPT_OFF, ids=str)
def test_keep_disabled_plans(case: Case) -> None:
    check_case(case)


@pytest.mark.parametrize("case", GRANTS, ids=str)
def test_grant(case: Case) -> None:
    check_case(case)


def test_inherited_message_says_that_nothing_changed() -> None:
    plan = plan_user(swap((E1, F3), E3), user(inherited(E1), direct(F3)), {}, CATALOG, NOW)
    assert plan.error
    assert "STANDARDPACK" in plan.error.message
    assert "Nothing was changed for this user" in plan.error.message


def test_only_plans_that_users_can_be_given_are_kept_off() -> None:
    """Graph takes no plan of the whole company among a user's disabled plans."""
    of_company = ServicePlan(TEAMS, "TEAMS1", assignable=False)
    enterprise = replace(CATALOG[E3], service_plans=(of_company, ServicePlan(SWAY, "SWAY")))
    request = swap((E1,), E3, keep_disabled_plans=True)
    plan = plan_user(request, user(direct(E1, TEAMS, SWAY)), {}, {**CATALOG, E3: enterprise}, NOW)
    assert plan.add == (added(E3, SWAY),)
