"""remove, held against its text."""

import pytest

from shared.models import Action, ChangeRequest
from shared.planning import plan_user
from tests.unit.planning.builders import (
    CATALOG,
    E3,
    EMS,
    GROUP,
    NOW,
    OTHER_GROUP,
    SOON,
    TEAMS,
    VISIO,
    Case,
    changed,
    check_case,
    closed,
    direct,
    failed,
    grant,
    inherited,
    remove,
    unchanged,
    user,
)

CASES = [
    Case("not held", user(direct(VISIO)), remove(E3), unchanged("NotHeld")),
    Case("holds nothing", user(), remove(E3), unchanged("NotHeld")),
    Case("held directly", user(direct(VISIO)), remove(VISIO), changed(take=(VISIO,))),
    Case("no location is needed", user(direct(VISIO), location=None), remove(VISIO), changed(take=(VISIO,))),
    Case(
        "held both ways: the direct one goes",
        user(direct(VISIO, groups=(GROUP,))),
        remove(VISIO),
        changed(take=(VISIO,), warnings=("StillInherited",)),
    ),
    Case(
        "held only by inheritance: nothing is sent",
        user(inherited(VISIO)),
        remove(VISIO),
        failed("LicenseInherited", warnings=("InheritedOnly",)),
    ),
    Case(
        "one direct, one inherited: the direct one goes all the same",
        user(direct(EMS), inherited(VISIO)),
        remove(VISIO, EMS),
        failed("LicenseInherited", take=(EMS,), warnings=("InheritedOnly",)),
    ),
    Case(
        "one not held, one inherited",
        user(inherited(VISIO)),
        remove(EMS, VISIO),
        failed("LicenseInherited", warnings=("InheritedOnly",)),
    ),
    Case(
        "one direct, one both ways, one inherited, one not held",
        user(direct(EMS), direct(E3, TEAMS, groups=(GROUP,)), inherited(VISIO)),
        remove(VISIO, EMS, E3, "0" * 36),
        failed("LicenseInherited", take=(EMS, E3), warnings=("StillInherited", "InheritedOnly")),
    ),
    Case("one of two held", user(direct(EMS)), remove(VISIO, EMS), changed(take=(EMS,))),
    Case(
        "two held: one call",
        user(direct(EMS), direct(VISIO)),
        remove(VISIO, EMS),
        changed(take=(VISIO, EMS)),
    ),
    Case(
        "a running grant ends",
        user(direct(VISIO)),
        remove(VISIO),
        changed(take=(VISIO,), grants=(closed(VISIO, "Removed"),)),
        grants=(grant(VISIO, SOON),),
    ),
    Case(
        "a running grant ends although another licence is inherited",
        user(direct(VISIO), inherited(EMS)),
        remove(VISIO, EMS),
        failed(
            "LicenseInherited", take=(VISIO,), grants=(closed(VISIO, "Removed"),), warnings=("InheritedOnly",)
        ),
        grants=(grant(VISIO, SOON),),
    ),
    Case(
        "grants of other licences run on",
        user(direct(VISIO), direct(EMS)),
        remove(VISIO),
        changed(take=(VISIO,)),
        grants=(grant(EMS, SOON),),
    ),
    Case(
        "a grant whose licence is not held may be just begun: it runs on",
        user(),
        remove(VISIO),
        unchanged("NotHeld"),
        grants=(grant(VISIO, SOON),),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_remove(case: Case) -> None:
    check_case(case)


def test_inherited_message_names_licence_and_groups_and_what_to_do() -> None:
    plan = plan_user(remove(VISIO), user(inherited(VISIO, GROUP, OTHER_GROUP)), {}, CATALOG, NOW)
    assert plan.error
    assert f"VISIOCLIENT (from group {GROUP} and {OTHER_GROUP})" in plan.error.message
    assert "Nothing was changed" in plan.error.message
    assert "Take the user out of the group" in plan.error.message


def test_inherited_message_does_not_deny_what_went() -> None:
    plan = plan_user(remove(VISIO, EMS), user(inherited(VISIO), direct(EMS)), {}, CATALOG, NOW)
    assert plan.error
    assert "Nothing was changed" not in plan.error.message


def test_inherited_message_of_a_sku_that_the_tenant_no_longer_lists() -> None:
    gone = "00000000-0000-0000-0000-00000000dead"
    plan = plan_user(remove(gone), user(inherited(gone)), {}, CATALOG, NOW)
    assert plan.error
    assert gone in plan.error.message


@pytest.mark.parametrize("action", [Action.EXPORT, Action.UNDO, Action.EXPIRE])
def test_other_actions_are_not_planned_from_a_request(action: Action) -> None:
    with pytest.raises(ValueError, match=action):
        plan_user(ChangeRequest(action), user(), {}, CATALOG, NOW)
