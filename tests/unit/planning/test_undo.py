"""undo, held against its text."""

from dataclasses import dataclass

import pytest

from shared.models import (
    Action,
    AddedLicense,
    Before,
    Grant,
    HeldLicense,
    Item,
    ItemStatus,
    LicensePlan,
    LocationChange,
    UserState,
)
from shared.planning import plan_undo
from tests.unit.planning.builders import (
    CATALOG,
    E3,
    EMS,
    EXO2,
    GROUP,
    LATER,
    NOW,
    PAST,
    SOON,
    SWAY,
    TEAMS,
    VISIO,
    added,
    changed,
    check,
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
)

TO_DE, FR_TO_DE = LocationChange(None, "DE"), LocationChange("FR", "DE")


@dataclass(frozen=True)
class UndoCase:
    """What the item's record says, how the user is now, and what comes of it."""

    name: str
    before: tuple[HeldLicense, ...]
    now: UserState
    expected: LicensePlan
    added: tuple[AddedLicense, ...] = ()
    removed: tuple[str, ...] = ()
    location: LocationChange | None = None
    grants: tuple[Grant, ...] = ()
    action: Action = Action.ASSIGN
    status: ItemStatus = ItemStatus.CHANGED

    def __str__(self) -> str:
        return self.name


def noted(code: str) -> LicensePlan:
    return unchanged(code, warnings=(code,))


ADDED = [
    UndoCase(
        "assigned: goes",
        (),
        user(direct(VISIO)),
        changed(take=(VISIO,)),
        added=(added(VISIO),),
    ),
    UndoCase(
        "assigned: other licences of the user stay",
        (direct(EMS),),
        user(direct(EMS), direct(VISIO), direct(E3)),
        changed(take=(VISIO,)),
        added=(added(VISIO),),
    ),
    UndoCase(
        "assigned, inherited since: the direct one goes",
        (),
        user(direct(VISIO, groups=(GROUP,))),
        changed(take=(VISIO,), warnings=("StillInherited",)),
        added=(added(VISIO),),
    ),
    UndoCase(
        "assigned, was inherited before: only the direct one goes",
        (inherited(VISIO),),
        user(direct(VISIO, groups=(GROUP,))),
        changed(take=(VISIO,), warnings=("StillInherited",)),
        added=(added(VISIO),),
    ),
    UndoCase("assigned, gone since", (), user(), noted("ChangedSince"), added=(added(VISIO),)),
    UndoCase(
        "assigned, only inherited now",
        (),
        user(inherited(VISIO)),
        noted("ChangedSince"),
        added=(added(VISIO),),
    ),
    UndoCase(
        "assigned, plans changed since",
        (),
        user(direct(E3, TEAMS)),
        noted("ChangedSince"),
        added=(added(E3),),
    ),
    UndoCase(
        "assigned, plans the same as a set",
        (),
        user(HeldLicense(VISIO, disabled_plans=(TEAMS, SWAY))),
        changed(take=(VISIO,)),
        added=(AddedLicense(VISIO, (SWAY, TEAMS)),),
    ),
    UndoCase(
        "one of two changed since: the other is undone",
        (),
        user(direct(VISIO)),
        changed(take=(VISIO,), reason="ChangedSince", warnings=("ChangedSince",)),
        added=(added(VISIO), added(EMS)),
    ),
    UndoCase(
        "plans were changed: the former come back",
        (direct(E3, TEAMS),),
        user(direct(E3, SWAY)),
        changed(add=(added(E3, TEAMS),)),
        added=(added(E3, SWAY),),
    ),
    UndoCase(
        "plans were changed, and changed again since",
        (direct(E3, TEAMS),),
        user(direct(E3)),
        noted("ChangedSince"),
        added=(added(E3, SWAY),),
    ),
    UndoCase(
        "the mailbox goes with it",
        (),
        user(direct(EXO2)),
        changed(take=(EXO2,), warnings=("LosesMailbox",)),
        added=(added(EXO2),),
    ),
]

REMOVED = [
    UndoCase(
        "removed: comes back with its plans",
        (direct(E3, TEAMS, SWAY),),
        user(),
        changed(add=(added(E3, TEAMS, SWAY),)),
        removed=(E3,),
        action=Action.REMOVE,
    ),
    UndoCase(
        "removed, still inherited: the direct one comes back",
        (direct(VISIO, groups=(GROUP,)),),
        user(inherited(VISIO)),
        changed(add=(added(VISIO),)),
        removed=(VISIO,),
        action=Action.REMOVE,
    ),
    UndoCase(
        "removed, assigned again since",
        (direct(VISIO),),
        user(direct(VISIO)),
        noted("ChangedSince"),
        removed=(VISIO,),
        action=Action.REMOVE,
    ),
    UndoCase(
        "the item failed, yet a licence went: it comes back",
        (direct(VISIO), inherited(EMS)),
        user(inherited(EMS)),
        changed(add=(added(VISIO),)),
        removed=(VISIO,),
        action=Action.REMOVE,
        status=ItemStatus.FAILED,
    ),
    UndoCase(
        "swapped: one call back",
        (direct(VISIO, SWAY),),
        user(direct(EMS)),
        changed(add=(added(VISIO, SWAY),), take=(EMS,)),
        added=(added(EMS),),
        removed=(VISIO,),
        action=Action.REPLACE,
    ),
    UndoCase(
        "comes back, but the user has no location now: nothing is written",
        (direct(VISIO),),
        user(direct(EMS), location=None),
        failed("UsageLocationMissing", warnings=("UsageLocationMissing",)),
        added=(added(EMS),),
        removed=(VISIO,),
        action=Action.REPLACE,
    ),
]

GRANTS = [
    UndoCase(
        "temporary assign: its grant ends",
        (),
        user(direct(VISIO)),
        changed(take=(VISIO,), grants=(closed(VISIO, "Undone"),)),
        added=(added(VISIO, until=SOON),),
        grants=(grant(VISIO, SOON),),
    ),
    UndoCase(
        "temporary assign, extended since: goes all the same",
        (),
        user(direct(VISIO)),
        changed(take=(VISIO,), grants=(closed(VISIO, "Undone"),)),
        added=(added(VISIO, until=SOON),),
        grants=(grant(VISIO, LATER),),
    ),
    UndoCase(
        "temporary assign, made permanent since: stays",
        (),
        user(direct(VISIO)),
        noted("ChangedSince"),
        added=(added(VISIO, until=SOON),),
    ),
    UndoCase(
        "assigned for good, taken and given for a time by others since: stays with its grant",
        (),
        user(direct(VISIO)),
        noted("ChangedSince"),
        added=(added(VISIO),),
        grants=(grant(VISIO, LATER),),
    ),
    UndoCase(
        "moved: the former expiry comes back, although it is earlier",
        (direct(E3, TEAMS, until=SOON),),
        user(direct(E3, TEAMS)),
        changed(regrants=(added(E3, TEAMS, until=SOON),), grants=(moved(E3, SOON),)),
        added=(added(E3, TEAMS, until=LATER),),
        grants=(grant(E3, LATER),),
    ),
    UndoCase(
        "moved, and moved again since",
        (direct(E3, until=SOON),),
        user(direct(E3)),
        noted("ChangedSince"),
        added=(added(E3, until=LATER),),
        grants=(grant(E3, LATER.replace(year=2027)),),
    ),
    UndoCase(
        "moved, made permanent since: no expiry comes upon it",
        (direct(E3, until=SOON),),
        user(direct(E3)),
        noted("ChangedSince"),
        added=(added(E3, until=LATER),),
    ),
    UndoCase(
        "moved, and plans changed: both come back",
        (direct(E3, TEAMS, until=SOON),),
        user(direct(E3)),
        changed(add=(added(E3, TEAMS, until=SOON),), grants=(moved(E3, SOON),)),
        added=(added(E3, until=LATER),),
        grants=(grant(E3, LATER),),
    ),
    UndoCase(
        "made permanent: temporary again, without a write",
        (direct(E3, until=SOON),),
        user(direct(E3)),
        changed(regrants=(added(E3, until=SOON),), grants=(opened(E3, SOON),)),
        added=(added(E3),),
    ),
    UndoCase(
        "made permanent, temporary again since",
        (direct(E3, until=SOON),),
        user(direct(E3)),
        noted("ChangedSince"),
        added=(added(E3),),
        grants=(grant(E3, LATER),),
    ),
    UndoCase(
        "made temporary by an undo: permanent again",
        (direct(E3),),
        user(direct(E3)),
        changed(regrants=(added(E3),), grants=(made_permanent(E3),)),
        added=(added(E3, until=SOON),),
        grants=(grant(E3, SOON),),
        action=Action.UNDO,
    ),
    UndoCase(
        "a temporary licence was removed: temporary again",
        (direct(VISIO, until=SOON),),
        user(),
        changed(add=(added(VISIO, until=SOON),), grants=(opened(VISIO, SOON),)),
        removed=(VISIO,),
        action=Action.REMOVE,
    ),
    UndoCase(
        "a temporary licence was removed, its expiry has passed: not at all",
        (direct(VISIO, until=PAST),),
        user(),
        noted("ExpiryPassed"),
        removed=(VISIO,),
        action=Action.REMOVE,
    ),
    UndoCase(
        "a temporary licence was removed, its expiry is now: not at all",
        (direct(VISIO, until=NOW),),
        user(),
        noted("ExpiryPassed"),
        removed=(VISIO,),
        action=Action.REMOVE,
    ),
    UndoCase(
        "one expiry passed, one licence for good",
        (direct(VISIO, until=PAST), direct(EMS)),
        user(),
        changed(add=(added(EMS),), reason="ExpiryPassed", warnings=("ExpiryPassed",)),
        removed=(VISIO, EMS),
        action=Action.REMOVE,
    ),
    UndoCase(
        "a grant that runs although its licence was taken by hand ends first",
        (direct(VISIO, until=SOON),),
        user(),
        changed(add=(added(VISIO, until=SOON),), grants=(closed(VISIO, "AlreadyGone"), opened(VISIO, SOON))),
        removed=(VISIO,),
        grants=(grant(VISIO, LATER),),
        action=Action.REMOVE,
    ),
    UndoCase(
        "expired: comes back for good, since a person asks",
        (direct(VISIO, SWAY, until=PAST),),
        user(),
        changed(add=(added(VISIO, SWAY),)),
        removed=(VISIO,),
        action=Action.EXPIRE,
    ),
]

LOCATIONS = [
    UndoCase(
        "location: comes back",
        (),
        user(),
        changed(location=LocationChange("DE", "FR")),
        location=FR_TO_DE,
    ),
    UndoCase("location was empty: stays", (), user(), noted("LocationKept"), location=TO_DE),
    UndoCase("location changed since", (), user(location="IT"), noted("ChangedSince"), location=FR_TO_DE),
    UndoCase(
        "location was empty, licence goes",
        (),
        user(direct(VISIO)),
        changed(take=(VISIO,), reason="LocationKept", warnings=("LocationKept",)),
        added=(added(VISIO),),
        location=TO_DE,
    ),
    UndoCase(
        "licence changed since, location was empty: both are told",
        (),
        user(),
        unchanged("ChangedSince", warnings=("ChangedSince", "LocationKept")),
        added=(added(VISIO),),
        location=TO_DE,
    ),
    UndoCase(
        "location changed since, licence goes",
        (),
        user(direct(VISIO), location="IT"),
        changed(take=(VISIO,), reason="ChangedSince", warnings=("ChangedSince",)),
        added=(added(VISIO),),
        location=FR_TO_DE,
    ),
]


@pytest.mark.parametrize("case", [*ADDED, *REMOVED, *GRANTS, *LOCATIONS], ids=str)
def test_undo(case: UndoCase) -> None:
    item = Item(
        user_id="user",
        user_principal_name="user@contoso.example",
        display_name="A user",
        groups=(0,),
        status=case.status,
        before=Before(case.before, None),
        added=case.added,
        removed=case.removed,
        location=case.location,
    )
    check(plan_undo(item, case.now, running(*case.grants), CATALOG, NOW, case.action), case.expected)


def test_an_item_that_changed_nothing_has_nothing_to_undo() -> None:
    untouched = Item("user", "user@contoso.example", "A user", (0,), before=Before((direct(E3),), "DE"))
    check(plan_undo(untouched, user(), {}, CATALOG, NOW, Action.ASSIGN), unchanged("NothingToUndo"))


def test_an_item_without_a_first_reading_has_nothing_to_undo() -> None:
    never_read = Item("user", "user@contoso.example", "A user", (0,), status=ItemStatus.CANCELED)
    check(
        plan_undo(never_read, user(direct(E3)), {}, CATALOG, NOW, Action.REMOVE), unchanged("NothingToUndo")
    )
