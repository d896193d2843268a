"""What a reading of a user says about the licences held."""

from typing import Any

import pytest

from shared.errors import LastingGraphError
from shared.graph.license_states import user_state
from shared.models import HeldLicense, UserState

A, B = "AAAA", "bbbb"
GROUP_1, GROUP_2 = "G1", "g2"


def state(
    sku: str, group: str | None = None, *, plans: tuple[str, ...] = (), **fields: Any
) -> dict[str, Any]:
    return {
        "skuId": sku,
        "assignedByGroup": group,
        "disabledPlans": list(plans),
        "state": "Active",
        "error": "None",
        **fields,
    }


def read(*states: dict[str, Any], assigned: tuple[dict[str, Any], ...] = (), **fields: Any) -> UserState:
    return user_state(
        {
            "id": "U1",
            "accountEnabled": True,
            "userType": "Member",
            "usageLocation": "DE",
            "assignedLicenses": list(assigned),
            "licenseAssignmentStates": list(states),
            **fields,
        }
    )


CASES: list[tuple[str, UserState, tuple[HeldLicense, ...]]] = [
    ("nothing", read(), ()),
    (
        "direct, plans sorted and in lower case",
        read(state(A, plans=("P2", "p1"))),
        (HeldLicense("aaaa", disabled_plans=("p1", "p2")),),
    ),
    (
        "one group",
        read(state(A, GROUP_1, plans=("p1",))),
        (HeldLicense("aaaa", direct=False, inherited_from=("g1",)),),
    ),
    (
        "direct and two groups: one licence, three sources",
        read(state(A, GROUP_2), state(A, plans=("p1",)), state(A, GROUP_1)),
        (HeldLicense("aaaa", disabled_plans=("p1",), inherited_from=("g1", "g2")),),
    ),
    ("error null", read(state(A, error=None)), (HeldLicense("aaaa"),)),
    ("error blank", read(state(A, error="")), (HeldLicense("aaaa"),)),
    (
        "active although the last change failed",
        read(state(A, GROUP_1, state="ActiveWithError", error="DependencyViolation")),
        (HeldLicense("aaaa", direct=False, inherited_from=("g1",)),),
    ),
    ("the group could not pass it on", read(state(A, GROUP_1, state="Error", error="CountViolation")), ()),
    ("switched off", read(state(A, GROUP_1, state="Disabled")), ()),
    (
        "one group failed, the direct one stands",
        read(state(A, GROUP_1, state="Error", error="CountViolation"), state(A)),
        (HeldLicense("aaaa"),),
    ),
    (
        "states omit a SKU that assignedLicenses has",
        read(state(A), assigned=({"skuId": A, "disabledPlans": []}, {"skuId": B, "disabledPlans": ["p9"]})),
        (HeldLicense("aaaa"), HeldLicense("bbbb", disabled_plans=("p9",))),
    ),
    (
        "the merged plans of assignedLicenses do not replace the direct ones",
        read(state(A, plans=("p1",)), assigned=({"skuId": "aaaa", "disabledPlans": ["p1", "p2"]},)),
        (HeldLicense("aaaa", disabled_plans=("p1",)),),
    ),
    ("no plans at all", read(state(A, disabledPlans=None)), (HeldLicense("aaaa"),)),
]


@pytest.mark.parametrize(("user", "held"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_licenses(user: UserState, held: tuple[HeldLicense, ...]) -> None:
    assert user.licenses == held
    assert user.user_id == "u1"


@pytest.mark.parametrize(
    ("states", "off"),
    [
        ([state(A, GROUP_1, plans=("P2", "p1"))], {"aaaa": ("p1", "p2")}),
        ([state(A, GROUP_1, plans=("p1", "p2")), state(A, GROUP_2, plans=("p2",))], {"aaaa": ("p2",)}),
        ([state(A, GROUP_1, plans=("p1",)), state(A, GROUP_2)], {}),
        ([state(A, plans=("p1",))], {}),
        ([state(A, GROUP_1, plans=("p1",), state="Error")], {}),
    ],
)
def test_plans_that_no_group_switches_on(
    states: list[dict[str, Any]], off: dict[str, tuple[str, ...]]
) -> None:
    assert read(*states).inherited_disabled_plans == off


def test_other_properties() -> None:
    guest = read(usageLocation=None, accountEnabled=False, userType="Guest")

    assert (guest.usage_location, guest.account_enabled, guest.user_type) == (None, False, "Guest")
    assert read().usage_location == "DE"
    assert read(userType=None).user_type == "Member"


@pytest.mark.parametrize("hidden", ["licenseAssignmentStates", "assignedLicenses"])
def test_licenses_that_the_app_may_not_see_are_not_taken_for_none(hidden: str) -> None:
    user: dict[str, Any] = {"id": "u1", "assignedLicenses": [], "licenseAssignmentStates": [], hidden: None}

    with pytest.raises(LastingGraphError) as raised:
        user_state(user)

    assert raised.value.code == "Forbidden"
    assert "User.Read.All" in raised.value.message


def test_what_is_no_user_is_not_read_as_one() -> None:
    with pytest.raises(KeyError):
        user_state({})
