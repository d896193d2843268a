"""Comparing a reading with what was read or planned before."""

from dataclasses import replace

import pytest

from shared.models import (
    Before,
    HeldLicense,
    Intent,
    ItemStatus,
    LicensePlan,
    LocationChange,
    UserState,
)
from shared.planning import Applied, license_applied, location_applied, same_as_planned
from tests.unit.planning.builders import (
    E1,
    E3,
    EMS,
    GROUP,
    LATER,
    NOW,
    OTHER_GROUP,
    SWAY,
    TEAMS,
    VISIO,
    added,
    direct,
    inherited,
    user,
)

SEEN = Before((direct(E3, TEAMS, SWAY), inherited(VISIO)), "DE")


@pytest.mark.parametrize(
    ("state", "same"),
    [
        pytest.param(user(direct(E3, TEAMS, SWAY), inherited(VISIO)), True, id="the same"),
        pytest.param(user(inherited(VISIO), direct(E3, TEAMS, SWAY)), True, id="another order"),
        pytest.param(
            user(HeldLicense(E3, disabled_plans=(SWAY, TEAMS)), inherited(VISIO)),
            True,
            id="plans the same as a set",
        ),
        pytest.param(
            user(direct(E3, TEAMS, SWAY), inherited(VISIO, OTHER_GROUP)), True, id="by another group"
        ),
        pytest.param(
            user(direct(E3, TEAMS, SWAY, until=LATER), inherited(VISIO)), True, id="temporary meanwhile"
        ),
        pytest.param(user(direct(E3, TEAMS), inherited(VISIO)), False, id="a plan switched on"),
        pytest.param(user(direct(E3, TEAMS, SWAY)), False, id="an inherited licence gone"),
        pytest.param(user(inherited(VISIO)), False, id="a direct licence gone"),
        pytest.param(user(inherited(E3), inherited(VISIO)), False, id="direct turned inherited"),
        pytest.param(
            user(direct(E3, TEAMS, SWAY, groups=(GROUP,)), inherited(VISIO)), False, id="inherited too"
        ),
        pytest.param(user(direct(E3, TEAMS, SWAY), direct(VISIO, groups=(GROUP,))), False, id="direct too"),
        pytest.param(user(direct(E3, TEAMS, SWAY), inherited(VISIO), direct(EMS)), False, id="one more"),
        pytest.param(user(direct(E3, TEAMS, SWAY), inherited(VISIO), location="FR"), False, id="moved"),
        pytest.param(
            user(direct(E3, TEAMS, SWAY), inherited(VISIO), location=None), False, id="location gone"
        ),
    ],
)
def test_same_as_planned(state: UserState, same: bool) -> None:
    assert same_as_planned(SEEN, state) == same


def test_no_location_is_the_same_as_an_empty_one() -> None:
    assert same_as_planned(Before((), None), user(location=""))


def intent(base: UserState, plan: LicensePlan) -> Intent:
    return Intent(plan, Before(base.licenses, base.usage_location), NOW)


CHANGED = LicensePlan(ItemStatus.CHANGED)
GIVE = replace(CHANGED, add=(added(E3, TEAMS),))
TAKE = replace(CHANGED, remove=(E1,))
SWAP = replace(CHANGED, add=(added(E3),), remove=(E1,))
SWITCH = replace(CHANGED, add=(added(E3, TEAMS),))
NOTHING = user()
HAS_E1 = user(direct(E1))


@pytest.mark.parametrize(
    ("base", "plan", "shown", "applied"),
    [
        pytest.param(NOTHING, GIVE, user(direct(E3, TEAMS)), True, id="give: there"),
        pytest.param(NOTHING, GIVE, NOTHING, False, id="give: not there"),
        pytest.param(NOTHING, GIVE, user(inherited(E3)), False, id="give: there only by inheritance"),
        pytest.param(NOTHING, GIVE, user(direct(E3)), True, id="give: there, other plans since"),
        pytest.param(NOTHING, GIVE, user(direct(VISIO)), False, id="give: others gave something else"),
        pytest.param(
            user(inherited(E3)), GIVE, user(direct(E3, TEAMS, groups=(GROUP,))), True, id="give: both ways"
        ),
        pytest.param(HAS_E1, TAKE, NOTHING, True, id="take: gone"),
        pytest.param(HAS_E1, TAKE, HAS_E1, False, id="take: still there"),
        pytest.param(HAS_E1, TAKE, user(direct(E1, SWAY)), False, id="take: still there, other plans"),
        pytest.param(
            user(direct(E1, groups=(GROUP,))), TAKE, user(inherited(E1)), True, id="take: only inherited now"
        ),
        pytest.param(HAS_E1, SWAP, user(direct(E3)), True, id="swap: done"),
        pytest.param(HAS_E1, SWAP, HAS_E1, False, id="swap: not done"),
        pytest.param(
            HAS_E1, SWAP, user(direct(E1), direct(VISIO)), False, id="swap: not done, others gave another"
        ),
        pytest.param(HAS_E1, SWAP, NOTHING, True, id="swap: done, the new one taken since"),
        pytest.param(
            HAS_E1, SWAP, user(direct(E1), direct(E3)), True, id="swap: done, the old one given again"
        ),
        pytest.param(user(direct(E3)), SWITCH, user(direct(E3, TEAMS)), True, id="plans: switched"),
        pytest.param(user(direct(E3)), SWITCH, user(direct(E3)), False, id="plans: not switched"),
        pytest.param(user(direct(E3, SWAY)), SWITCH, user(direct(E3, TEAMS)), True, id="plans: exchanged"),
        pytest.param(
            user(direct(E3)),
            SWITCH,
            user(direct(E3, TEAMS, SWAY)),
            True,
            id="plans: switched, one more since",
        ),
        pytest.param(
            user(direct(E3)), SWITCH, user(direct(E3, SWAY)), False, id="plans: others switched another"
        ),
        pytest.param(user(direct(E3)), SWITCH, NOTHING, False, id="plans: the licence is gone"),
        pytest.param(
            HAS_E1, replace(CHANGED, location=LocationChange("FR", "DE")), HAS_E1, True, id="no licence call"
        ),
    ],
)
def test_license_applied(base: UserState, plan: LicensePlan, shown: UserState, applied: bool) -> None:
    expected = Applied.APPLIED if applied else Applied.NOT_APPLIED
    assert license_applied(intent(base, plan), shown) is expected


@pytest.mark.parametrize(
    ("change", "shown", "applied"),
    [
        pytest.param(LocationChange("FR", "DE"), "DE", True, id="there"),
        pytest.param(LocationChange("FR", "DE"), "FR", False, id="not there"),
        pytest.param(LocationChange("FR", "DE"), "IT", False, id="others set another"),
        pytest.param(LocationChange(None, "DE"), None, False, id="still none"),
        pytest.param(None, None, True, id="none to write"),
    ],
)
def test_location_applied(change: LocationChange | None, shown: str | None, applied: bool) -> None:
    expected = Applied.APPLIED if applied else Applied.NOT_APPLIED
    reading = user(location=shown)
    assert location_applied(intent(NOTHING, replace(CHANGED, location=change)), reading) is expected
