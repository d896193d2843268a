"""The warnings of a plan."""

from dataclasses import replace

import pytest

from shared.models import ChangeRequest, HeldLicense, UserState
from shared.planning import plan_user
from shared.planning.consequences import conflicts, enabled_plans
from tests.unit.planning.builders import (
    CATALOG,
    E1,
    E3,
    EMS,
    EXO1,
    EXO2,
    F3,
    GROUP,
    NOW,
    PHONE,
    PHONE_FREE,
    PROJECT,
    TEAMS,
    VISIO,
    assign,
    direct,
    inherited,
    plan_id,
    remove,
    swap,
    user,
    wanted,
)

EXCHANGE_2, SHAREPOINT_2 = plan_id("EXCHANGE_S_ENTERPRISE"), plan_id("SHAREPOINTENTERPRISE")
PHONE_PLAN = plan_id("MCOEV")


def warnings_of(request: ChangeRequest, state: UserState) -> tuple[str, ...]:
    return plan_user(request, state, {}, CATALOG, NOW).warnings


def holding(*licenses: HeldLicense, group_disables: dict[str, tuple[str, ...]] | None = None) -> UserState:
    return replace(user(*licenses), inherited_disabled_plans=group_disables or {})


@pytest.mark.parametrize(
    ("state", "request_", "loses"),
    [
        pytest.param(holding(direct(EXO2)), remove(EXO2), True, id="the only mailbox plan goes"),
        pytest.param(holding(direct(EXO2), direct(E3)), remove(EXO2), False, id="another licence has one"),
        pytest.param(holding(direct(EXO2), direct(F3)), remove(EXO2), False, id="a kiosk mailbox is one"),
        pytest.param(
            holding(direct(EXO2), direct(E3, EXCHANGE_2)), remove(EXO2), True, id="the other is disabled"
        ),
        pytest.param(
            holding(direct(E3, EXCHANGE_2)), remove(E3), False, id="it was disabled: no mailbox to lose"
        ),
        pytest.param(holding(direct(EXO2, groups=(GROUP,))), remove(EXO2), False, id="a group keeps it"),
        pytest.param(
            holding(direct(EXO2, groups=(GROUP,)), group_disables={EXO2: (EXCHANGE_2,)}),
            remove(EXO2),
            True,
            id="the group gives the licence without the plan",
        ),
        pytest.param(holding(direct(E3)), swap((E3,), E1), False, id="a swap to another mailbox plan"),
        pytest.param(holding(direct(E3)), swap((E3,), EMS), True, id="a swap to none"),
        pytest.param(
            holding(direct(E3)), assign(wanted(E3, (EXCHANGE_2,))), True, id="an assign that disables it"
        ),
        pytest.param(holding(direct(VISIO)), remove(VISIO), False, id="a licence without mailbox"),
        pytest.param(holding(direct("0" * 36)), remove("0" * 36), False, id="a licence not in the catalog"),
        pytest.param(
            holding(direct(E3), inherited(EMS)), remove(E3, EMS), True, id="goes although the item fails"
        ),
        pytest.param(holding(inherited(E3)), remove(E3), False, id="inherited: nothing goes"),
    ],
)
def test_loses_mailbox(state: UserState, request_: ChangeRequest, loses: bool) -> None:
    assert ("LosesMailbox" in warnings_of(request_, state)) == loses


@pytest.mark.parametrize(
    ("state", "request_", "loses"),
    [
        pytest.param(holding(direct(PHONE), direct(E3)), remove(PHONE), True, id="the only phone plan goes"),
        pytest.param(holding(direct(PHONE_FREE)), remove(PHONE_FREE), True, id="that of a virtual user"),
        pytest.param(
            holding(direct(PHONE), direct(PHONE_FREE)), remove(PHONE), False, id="the other keeps it"
        ),
        pytest.param(
            holding(direct(PHONE, PHONE_PLAN)), remove(PHONE), False, id="it was disabled: no number to lose"
        ),
        pytest.param(holding(direct(PHONE), direct(E3)), remove(E3), False, id="the mailbox goes, not this"),
    ],
)
def test_loses_phone(state: UserState, request_: ChangeRequest, loses: bool) -> None:
    assert ("LosesPhone" in warnings_of(request_, state)) == loses


@pytest.mark.parametrize(
    ("state", "request_", "conflict"),
    [
        pytest.param(holding(direct(E1)), assign(E3), True, id="SharePoint 1 and 2"),
        pytest.param(holding(direct(E1)), swap((E1,), E3), False, id="a swap never holds both"),
        pytest.param(holding(direct(EXO1)), assign(EXO2), False, id="Exchange 1 and 2 may stand together"),
        pytest.param(holding(direct(F3)), assign(EXO2), True, id="Exchange Kiosk and 2 may not"),
        pytest.param(holding(direct(E3)), assign(PROJECT), False, id="the same plan in two licences"),
        pytest.param(
            holding(direct(EXO1), direct(F3, plan_id("EXCHANGE_S_DESKLESS"))),
            assign(EXO2),
            False,
            id="the other is disabled",
        ),
        pytest.param(holding(inherited(F3)), assign(EXO2), True, id="the other is inherited"),
        pytest.param(
            holding(inherited(F3), group_disables={F3: (plan_id("EXCHANGE_S_DESKLESS"),)}),
            assign(EXO2),
            False,
            id="the other is inherited without the plan",
        ),
        pytest.param(
            holding(direct(E1)), assign(wanted(E3, (SHAREPOINT_2,))), False, id="disabled in the new licence"
        ),
        pytest.param(holding(direct(E1), direct(E3)), assign(VISIO), False, id="it stood before"),
        pytest.param(holding(direct(E1), direct(E3)), remove(E1), False, id="it goes"),
        pytest.param(holding(), assign(PHONE), True, id="Phone without Teams"),
        pytest.param(holding(), assign(PHONE, E3), False, id="Phone with Teams in one call"),
        pytest.param(holding(direct(F3)), assign(PHONE), False, id="Phone with Teams held"),
        pytest.param(holding(direct(F3, TEAMS)), assign(PHONE), True, id="Phone with Teams disabled"),
        pytest.param(holding(direct(PHONE), direct(E3)), remove(E3), True, id="removing what Phone needs"),
        pytest.param(
            holding(direct(PHONE), direct(E3)), remove(E3, PHONE), False, id="removing both in one call"
        ),
        pytest.param(
            holding(), assign(wanted(PROJECT, (SHAREPOINT_2,))), True, id="Project without SharePoint 2"
        ),
    ],
)
def test_plan_conflict(state: UserState, request_: ChangeRequest, conflict: bool) -> None:
    plan = plan_user(request_, state, {}, CATALOG, NOW)
    assert ("PlanConflict" in plan.warnings) == conflict
    assert plan.writes_license, "only Graph refuses: the plan is carried out"


@pytest.mark.parametrize(
    ("enabled", "expected"),
    [
        ({"EXCHANGE_S_STANDARD", "EXCHANGE_S_ENTERPRISE"}, set()),
        (
            {"EXCHANGE_S_STANDARD", "EXCHANGE_S_ENTERPRISE", "EXCHANGE_S_DESKLESS"},
            {
                ("EXCHANGE_S_DESKLESS", "EXCHANGE_S_STANDARD"),
                ("EXCHANGE_S_DESKLESS", "EXCHANGE_S_ENTERPRISE"),
            },
        ),
        ({"INTUNE_A", "INTUNE_A_VL"}, {("INTUNE_A", "INTUNE_A_VL")}),
        ({"MCOSTANDARD", "MCOIMP"}, {("MCOSTANDARD", "MCOIMP")}),
        ({"MCOPSTN1", "MCOPSTN5"}, {("MCOPSTN1", "MCOPSTN5")}),
        ({"YAMMER_EDU", "YAMMER_ENTERPRISE"}, {("YAMMER_EDU", "YAMMER_ENTERPRISE")}),
        ({"TEAMS1", "TEAMS_FREE"}, {("TEAMS1", "TEAMS_FREE")}),
        ({"AAD_PREMIUM", "AAD_PREMIUM_P2"}, set()),
        ({"WORKPLACE_ANALYTICS"}, {("WORKPLACE_ANALYTICS",)}),
        ({"WORKPLACE_ANALYTICS", "EXCHANGE_S_STANDARD"}, set()),
        ({"WORKPLACE_ANALYTICS", "EXCHANGE_S_DESKLESS"}, {("WORKPLACE_ANALYTICS",)}),
        ({"THREAT_INTELLIGENCE", "EXCHANGE_S_DESKLESS"}, set()),
        ({"THREAT_INTELLIGENCE"}, {("THREAT_INTELLIGENCE",)}),
        ({"MCOMEETADV", "MCOSTANDARD"}, set()),
        ({"MCOMEETADV"}, {("MCOMEETADV",)}),
        ({"MCOEV", "MCOSTANDARD"}, {("MCOEV",)}),
    ],
)
def test_families_and_dependencies(enabled: set[str], expected: set[tuple[str, ...]]) -> None:
    assert conflicts(enabled) == {frozenset(names) for names in expected}


def test_a_plan_is_enabled_if_any_source_enables_it() -> None:
    state = holding(direct(E3, TEAMS, groups=(GROUP,)), group_disables={E3: (EXCHANGE_2,)})
    assert {"TEAMS1", "EXCHANGE_S_ENTERPRISE"} <= enabled_plans(state, CATALOG)
    both_off = holding(direct(E3, TEAMS, groups=(GROUP,)), group_disables={E3: (TEAMS,)})
    assert "TEAMS1" not in enabled_plans(both_off, CATALOG)


GUEST = replace(user(), user_type="Guest")
DISABLED = replace(user(), account_enabled=False)


@pytest.mark.parametrize(
    ("state", "request_", "expected"),
    [
        pytest.param(GUEST, assign(VISIO), ("Guests",), id="a guest who is changed"),
        pytest.param(GUEST, remove(VISIO), (), id="a guest who is not"),
        pytest.param(DISABLED, assign(VISIO), ("DisabledAccounts",), id="a disabled account that is changed"),
        pytest.param(DISABLED, remove(VISIO), (), id="a disabled account that is not"),
        pytest.param(
            replace(GUEST, account_enabled=False, licenses=(direct(VISIO),)),
            assign(VISIO, location="FR"),
            ("Guests", "DisabledAccounts"),
            id="both, only the location changes",
        ),
        pytest.param(
            replace(GUEST, usage_location=None),
            assign(VISIO),
            ("UsageLocationMissing",),
            id="a guest without location, as usual: fails before a write",
        ),
        pytest.param(
            replace(GUEST, licenses=(direct(VISIO), inherited(EMS))),
            remove(VISIO, EMS),
            ("InheritedOnly", "Guests"),
            id="fails, yet a licence goes",
        ),
    ],
)
def test_who_is_changed(state: UserState, request_: ChangeRequest, expected: tuple[str, ...]) -> None:
    assert warnings_of(request_, state) == expected


def test_order_is_fixed() -> None:
    state = replace(
        holding(direct(E3), direct(PHONE), direct(EMS, groups=(GROUP,)), inherited(VISIO)),
        user_type="Guest",
        account_enabled=False,
    )
    assert warnings_of(remove(VISIO, EMS, PHONE, E3), state) == (
        "LosesMailbox",
        "LosesPhone",
        "StillInherited",
        "InheritedOnly",
        "Guests",
        "DisabledAccounts",
    )
