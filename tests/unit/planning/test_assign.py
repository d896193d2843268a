"""assign, held against its text: held or not, plans, location, expiry."""

from dataclasses import dataclass, replace

import pytest

from shared.models import (
    AddedLicense,
    ChangeRequest,
    Grant,
    GrantChange,
    HeldLicense,
    ItemStatus,
    LicensePlan,
    LocationChange,
)
from shared.planning import plan_user
from tests.unit.planning.builders import (
    CATALOG,
    E3,
    EMS,
    GROUP,
    LATER,
    NOW,
    PAST,
    SOON,
    SWAY,
    TEAMS,
    VISIO,
    Case,
    added,
    assign,
    changed,
    check,
    check_case,
    closed,
    direct,
    failed,
    grant,
    inherited,
    made_permanent,
    moved,
    opened,
    running,
    unchanged,
    user,
    wanted,
)

NOT_HELD: HeldLicense | None = None
BOTH_WAYS = direct(E3, TEAMS, groups=(GROUP,))


@dataclass(frozen=True)
class Holding:
    """One licence: how it is held, the plans that the request names, what is written or why nothing is."""

    name: str
    held: HeldLicense | None
    named: tuple[str, ...] | None
    written: AddedLicense | None
    reason: str | None = None

    def __str__(self) -> str:
        return self.name


HOLDINGS = [
    Holding("not held, no plans", NOT_HELD, None, added(E3)),
    Holding("not held, empty plans", NOT_HELD, (), added(E3)),
    Holding("not held, one plan", NOT_HELD, (TEAMS,), added(E3, TEAMS)),
    Holding("not held, two plans", NOT_HELD, (TEAMS, SWAY), added(E3, TEAMS, SWAY)),
    Holding("direct, no plans", direct(E3, TEAMS), None, None, "AlreadyHeld"),
    Holding("direct, empty plans", direct(E3, TEAMS), (), added(E3)),
    Holding("direct, same plans", direct(E3, TEAMS), (TEAMS,), None, "AlreadyHeld"),
    Holding("direct, same as a set", direct(E3, TEAMS, SWAY), (SWAY, TEAMS, SWAY), None, "AlreadyHeld"),
    Holding(
        "direct, same as a set, as Graph lists them",
        HeldLicense(E3, disabled_plans=tuple(sorted((TEAMS, SWAY), reverse=True))),
        (TEAMS, SWAY),
        None,
        "AlreadyHeld",
    ),
    Holding("direct, other plans", direct(E3, TEAMS), (SWAY,), added(E3, SWAY)),
    Holding("direct without disabled, empty plans", direct(E3), (), None, "AlreadyHeld"),
    Holding("both ways, no plans", BOTH_WAYS, None, None, "AlreadyHeld"),
    Holding("both ways, empty plans", BOTH_WAYS, (), added(E3)),
    Holding("both ways, same plans", BOTH_WAYS, (TEAMS,), None, "AlreadyHeld"),
    Holding("both ways, other plans", BOTH_WAYS, (SWAY,), added(E3, SWAY)),
    Holding("inherited, no plans", inherited(E3), None, None, "HeldByInheritance"),
    Holding("inherited, empty plans", inherited(E3), (), None, "HeldByInheritance"),
    Holding("inherited, other plans", inherited(E3), (SWAY,), None, "HeldByInheritance"),
]


@dataclass(frozen=True)
class Locating:
    """The user's location, the request's, and the write that comes of it."""

    name: str
    location: str | None
    request: ChangeRequest
    change: LocationChange | None

    def __str__(self) -> str:
        return self.name


NO_CHANGE, ALWAYS = assign(), assign(location="DE")
IF_MISSING = assign(location="DE", mode="ifMissing")

LOCATINGS = [
    Locating("no location, no change", None, NO_CHANGE, None),
    Locating("no location, always", None, ALWAYS, LocationChange(None, "DE")),
    Locating("no location, if missing", None, IF_MISSING, LocationChange(None, "DE")),
    Locating("same location, no change", "DE", NO_CHANGE, None),
    Locating("same location, always", "DE", ALWAYS, None),
    Locating("same location, if missing", "DE", IF_MISSING, None),
    Locating("other location, no change", "FR", NO_CHANGE, None),
    Locating("other location, always", "FR", ALWAYS, LocationChange("FR", "DE")),
    Locating("other location, if missing", "FR", IF_MISSING, None),
]


@pytest.mark.parametrize("locating", LOCATINGS, ids=str)
@pytest.mark.parametrize("holding", HOLDINGS, ids=str)
def test_holding_and_location(holding: Holding, locating: Locating) -> None:
    state = user(*([holding.held] if holding.held else []), location=locating.location)
    request = replace(locating.request, licenses=(wanted(E3, holding.named),))
    check(plan_user(request, state, {}, CATALOG, NOW), _expected(holding, locating))


def _expected(holding: Holding, locating: Locating) -> LicensePlan:
    """The location goes by itself, but for who has none and gets none: no licence can be written."""
    inherited_only = ("InheritedOnly",) if holding.reason == "HeldByInheritance" else ()
    if holding.written and locating.location is None and locating.change is None:
        return failed("UsageLocationMissing", warnings=("UsageLocationMissing",))
    if holding.written:
        return changed(add=(holding.written,), location=locating.change)
    if locating.change:
        return changed(location=locating.change, reason=holding.reason, warnings=inherited_only)
    return unchanged(holding.reason or "", warnings=inherited_only)


@dataclass(frozen=True)
class Granting:
    """One licence: how it is held, its running grant, the request; what is written and recorded."""

    name: str
    held: HeldLicense | None
    grant: Grant | None
    request: ChangeRequest
    expected: LicensePlan

    def __str__(self) -> str:
        return self.name


TEMPORARY, PERMANENT = assign(E3, until=LATER), assign(E3)
LONG_HELD = unchanged("AlreadyHeld")
ONLY_INHERITED = unchanged("HeldByInheritance", warnings=("InheritedOnly",))


def opening(*closing: GrantChange) -> LicensePlan:
    return changed(add=(added(E3, until=LATER),), grants=(*closing, opened(E3, LATER)))


GRANTINGS = [
    Granting("temporary, not held", None, None, TEMPORARY, opening()),
    Granting("temporary, held before", direct(E3), None, TEMPORARY, LONG_HELD),
    Granting("temporary, inherited", inherited(E3), None, TEMPORARY, ONLY_INHERITED),
    Granting(
        "temporary, grant ends sooner",
        direct(E3, TEAMS),
        grant(E3, SOON),
        TEMPORARY,
        changed(regrants=(added(E3, TEAMS, until=LATER),), grants=(moved(E3, LATER),)),
    ),
    Granting("temporary, grant ends then", direct(E3), grant(E3, LATER), TEMPORARY, LONG_HELD),
    Granting("temporary, grant ends later", direct(E3), grant(E3, LATER), assign(E3, until=SOON), LONG_HELD),
    Granting(
        "temporary, grant ends sooner, held both ways",
        BOTH_WAYS,
        grant(E3, SOON),
        TEMPORARY,
        changed(regrants=(added(E3, TEAMS, until=LATER),), grants=(moved(E3, LATER),)),
    ),
    Granting(
        "temporary, grant whose licence was taken by hand",
        None,
        grant(E3, SOON),
        TEMPORARY,
        opening(closed(E3, "AlreadyGone")),
    ),
    Granting(
        "temporary, grant whose licence is inherited since",
        inherited(E3),
        grant(E3, SOON),
        TEMPORARY,
        replace(ONLY_INHERITED, grants=(closed(E3, "AlreadyGone"),)),
    ),
    Granting("permanent, not held", None, None, PERMANENT, changed(add=(added(E3),))),
    Granting(
        "permanent, grant runs",
        direct(E3, SWAY),
        grant(E3, SOON),
        PERMANENT,
        changed(regrants=(added(E3, SWAY),), grants=(made_permanent(E3),)),
    ),
    Granting(
        "permanent, grant whose licence was taken by hand",
        None,
        grant(E3, SOON),
        PERMANENT,
        changed(add=(added(E3),), grants=(closed(E3, "AlreadyGone"),)),
    ),
    Granting(
        "permanent, grant whose licence is inherited since",
        inherited(E3),
        grant(E3, SOON),
        PERMANENT,
        replace(ONLY_INHERITED, grants=(closed(E3, "AlreadyGone"),)),
    ),
    Granting(
        "temporary with other plans, held before",
        direct(E3),
        None,
        assign(wanted(E3, (TEAMS,)), until=LATER),
        changed(add=(added(E3, TEAMS),)),
    ),
    Granting(
        "temporary with other plans, grant ends sooner",
        direct(E3),
        grant(E3, SOON),
        assign(wanted(E3, (TEAMS,)), until=LATER),
        changed(add=(added(E3, TEAMS, until=LATER),), grants=(moved(E3, LATER),)),
    ),
    Granting(
        "temporary with other plans, grant ends later",
        direct(E3),
        grant(E3, LATER),
        assign(wanted(E3, (TEAMS,)), until=SOON),
        changed(add=(added(E3, TEAMS, until=LATER),)),
    ),
    Granting(
        "permanent with other plans, grant runs",
        direct(E3),
        grant(E3, SOON),
        assign(wanted(E3, (TEAMS,))),
        changed(add=(added(E3, TEAMS),), grants=(made_permanent(E3),)),
    ),
    Granting(
        "expiry passed, not held",
        None,
        None,
        assign(E3, until=PAST, location="FR"),
        failed("ExpiryPassed"),
    ),
    Granting("expiry is now, not held", None, None, assign(E3, until=NOW), failed("ExpiryPassed")),
    Granting("expiry passed, held before", direct(E3), None, assign(E3, until=PAST), LONG_HELD),
    Granting(
        "expiry passed, inherited",
        inherited(E3),
        None,
        assign(E3, until=PAST),
        ONLY_INHERITED,
    ),
    Granting("expiry passed, grant runs on", direct(E3), grant(E3, SOON), assign(E3, until=PAST), LONG_HELD),
    Granting(
        "expiry passed, grant passed sooner",
        direct(E3),
        grant(E3, PAST.replace(hour=1)),
        assign(E3, until=PAST),
        failed("ExpiryPassed"),
    ),
    Granting(
        "expiry passed, grant whose licence was taken by hand",
        None,
        grant(E3, SOON),
        assign(E3, until=PAST),
        failed("ExpiryPassed"),
    ),
]


@pytest.mark.parametrize("granting", GRANTINGS, ids=str)
def test_temporary_or_for_good(granting: Granting) -> None:
    state = user(*([granting.held] if granting.held else []))
    grants = running(granting.grant) if granting.grant else {}
    check(plan_user(granting.request, state, grants, CATALOG, NOW), granting.expected)


SEVERAL = [
    Case(
        "one held, one not: only the new one is listed",
        user(direct(E3)),
        assign(E3, VISIO),
        changed(add=(added(VISIO),)),
    ),
    Case(
        "one inherited, one not: only the new one is listed",
        user(inherited(E3)),
        assign(E3, VISIO),
        changed(add=(added(VISIO),)),
    ),
    Case(
        "one inherited, one direct: not all were inherited",
        user(inherited(E3), direct(VISIO)),
        assign(E3, VISIO),
        unchanged("AlreadyHeld"),
    ),
    Case(
        "all inherited",
        user(inherited(E3), inherited(VISIO)),
        assign(E3, VISIO),
        unchanged("HeldByInheritance", warnings=("InheritedOnly",)),
    ),
    Case(
        "one gets a grant, one is held before, one has its grant moved",
        user(direct(E3), direct(EMS)),
        assign(E3, VISIO, EMS, until=LATER),
        changed(
            add=(added(VISIO, until=LATER),),
            regrants=(added(EMS, until=LATER),),
            grants=(opened(VISIO, LATER), moved(EMS, LATER)),
        ),
        grants=(grant(EMS, SOON),),
    ),
    Case(
        "expiry passed for one of two: nothing is written",
        user(direct(E3, TEAMS)),
        assign(wanted(E3, ()), VISIO, until=PAST),
        failed("ExpiryPassed"),
    ),
    Case(
        "no location and only a grant moves: nothing is added, so none is needed",
        user(direct(E3), location=None),
        assign(E3, until=LATER),
        changed(regrants=(added(E3, until=LATER),), grants=(moved(E3, LATER),)),
        grants=(grant(E3, SOON),),
    ),
    Case(
        "no location: one of two would be added, nothing is written",
        user(direct(E3), location=None),
        assign(E3, VISIO),
        failed("UsageLocationMissing", warnings=("UsageLocationMissing",)),
    ),
    Case(
        "no location: no grant is opened either",
        user(location=None),
        assign(E3, until=LATER),
        failed("UsageLocationMissing", warnings=("UsageLocationMissing",)),
    ),
]


@pytest.mark.parametrize("case", SEVERAL, ids=str)
def test_several_licenses(case: Case) -> None:
    check_case(case)


def test_expiry_passed_says_when_and_what_to_do() -> None:
    plan = plan_user(assign(E3, until=PAST), user(), {}, CATALOG, NOW)
    assert plan.status is ItemStatus.FAILED
    assert plan.error
    assert "2026-03-14 12:00 UTC" in plan.error.message
    assert "later expiry" in plan.error.message


def test_usage_location_missing_says_what_to_do() -> None:
    plan = plan_user(assign(E3), user(location=None), {}, CATALOG, NOW)
    assert plan.error
    assert "Set it on the user, or choose a usage location in the job" in plan.error.message
