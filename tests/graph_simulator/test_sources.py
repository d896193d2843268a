"""Licences from several sources: direct and by groups, one unit per user, states and errors of each source."""

from tests.graph_simulator.conftest import Firm
from tests.graph_simulator.in_process import Json


def states(firm: Firm, user: str) -> list[tuple[str, str | None, str, str]]:
    """The user's licenseAssignmentStates: part number, group, state, error."""
    names = {sku_id: name for name, sku_id in firm.skus.items()}
    answer = firm.graph.get(f"/users/{user}?$select=licenseAssignmentStates").json
    found = [
        (names[item["skuId"]], item["assignedByGroup"], item["state"], item["error"])
        for item in answer["licenseAssignmentStates"]
    ]
    return sorted(found, key=lambda state: (state[0], state[1] or ""))


def licensed(firm: Firm, *members: str, sku: str = "EMS", disabled: tuple[str, ...] = ()) -> str:
    entry = {"skuId": firm.skus[sku], "disabledPlans": list(disabled)}
    return firm.group(*members, assignedLicenses=[entry])


def test_direct_and_inherited_take_one_unit_until_the_last_source_goes(firm: Firm) -> None:
    user = firm.hire()
    group, other = licensed(firm, user), licensed(firm, user)
    assert firm.consumed("EMS") == 1
    assert firm.graph.assign(user, [firm.skus["EMS"]]).status == 200
    assert [state[1] for state in states(firm, user)] == [None, *sorted([group, other])]
    assert firm.consumed("EMS") == 1
    assert firm.graph.assign(user, remove=[firm.skus["EMS"]]).status == 200
    assert firm.consumed("EMS") == 1
    firm.graph.control("PATCH", f"groups/{group}", {"remove": [user]})
    assert firm.consumed("EMS") == 1
    firm.graph.control("PATCH", f"groups/{other}", {"remove": [user]})
    assert (firm.consumed("EMS"), states(firm, user)) == (0, [])


def test_inherited_only_cannot_be_removed_from_the_user(firm: Firm) -> None:
    user = firm.hire()
    licensed(firm, user)
    reply = firm.graph.assign(user, remove=[firm.skus["EMS"]])
    assert reply.status == 400
    assert reply.message == (
        "User license is inherited from a group membership and it cannot be removed directly from the user."
    )


def test_merged_view_disables_a_plan_only_where_every_source_does(firm: Firm) -> None:
    intune, ad = firm.plan("INTUNE_A"), firm.plan("AAD_PREMIUM")
    user = firm.hire()
    licensed(firm, user, disabled=(intune, ad))
    firm.graph.assign(user, [{"skuId": firm.skus["EMS"], "disabledPlans": [intune]}])
    merged = firm.graph.get(f"/users/{user}?$select=assignedLicenses").json["assignedLicenses"]
    assert merged == [{"disabledPlans": [intune], "skuId": firm.skus["EMS"]}]
    details = firm.graph.get(f"/users/{user}/licenseDetails").json["value"]
    plans = {plan["servicePlanName"]: plan["provisioningStatus"] for plan in details[0]["servicePlans"]}
    assert (plans["INTUNE_A"], plans["AAD_PREMIUM"]) == ("Disabled", "Success")


def test_group_assignment_is_answered_at_once_and_done_later(firm: Firm) -> None:
    user = firm.hire(None)
    group = firm.group(user)
    body = {"addLicenses": [{"skuId": firm.skus["EMS"]}], "removeLicenses": []}
    reply = firm.graph.call("POST", f"/groups/{group}/assignLicense", body)
    assert (reply.status, reply.headers["location"].rsplit("/", 1)[1]) == (202, group)

    def processing() -> str:
        selected = firm.graph.get(f"/groups/{group}?$select=assignedLicenses,licenseProcessingState").json
        assert selected["assignedLicenses"] == [{"disabledPlans": [], "skuId": firm.skus["EMS"]}]
        return str(selected["licenseProcessingState"]["state"])

    assert processing() == "QueuedForProcessing"
    assert firm.held(user) == {}
    firm.graph.clock.advance(1)
    assert processing() == "ProcessingComplete"
    assert firm.held(user)[firm.skus["EMS"]]["groups"] == [group]
    assert firm.graph.get(f"/users/{user}?$select=usageLocation").json["usageLocation"] is None
    gone = {"addLicenses": [], "removeLicenses": [firm.skus["EMS"]]}
    assert firm.graph.call("POST", f"/groups/{group}/assignLicense", gone).status == 202
    firm.graph.clock.advance(1)
    firm.graph.get("/organization")
    assert firm.held(user) == {}


def test_nested_members_do_not_inherit(firm: Firm) -> None:
    inner_user = firm.hire()
    inner = firm.group(inner_user)
    licensed(firm, inner)
    assert firm.held(inner_user) == {}


def test_a_group_is_all_or_nothing_per_user(firm: Firm) -> None:
    user = firm.hire(licenses=("STANDARDPACK",))
    entries: list[Json] = [{"skuId": firm.skus["ENTERPRISEPACK"]}, {"skuId": firm.skus["EMS"]}]
    group = firm.group(user, assignedLicenses=entries)
    assert states(firm, user) == [
        ("EMS", group, "Error", "Other"),
        ("ENTERPRISEPACK", group, "Error", "MutuallyExclusiveViolation"),
        ("STANDARDPACK", None, "Active", "None"),
    ]
    assert firm.consumed("EMS") == 0
    merged = firm.graph.get(f"/users/{user}?$select=assignedLicenses").json["assignedLicenses"]
    assert [item["skuId"] for item in merged] == [firm.skus["STANDARDPACK"]]


def test_errors_of_groups_and_reprocessing(firm: Firm) -> None:
    user = firm.hire()
    group = licensed(firm, user, sku="VISIOCLIENT")
    assert states(firm, user) == [("VISIOCLIENT", group, "Error", "CountViolation")]
    again = firm.graph.call("POST", f"/users/{user}/reprocessLicenseAssignment")
    assert (again.status, "available licenses" in again.message) == (400, True)
    firm.graph.control("PATCH", f"skus/{firm.skus['VISIOCLIENT']}", {"enabled": 1})
    assert firm.graph.call("POST", f"/users/{user}/reprocessLicenseAssignment").status == 200
    assert states(firm, user) == [("VISIOCLIENT", group, "Active", "None")]


def test_a_distribution_group_carries_no_licenses(firm: Firm) -> None:
    group = firm.group(kind="distribution")
    body = {"addLicenses": [{"skuId": firm.skus["EMS"]}], "removeLicenses": []}
    assert firm.graph.call("POST", f"/groups/{group}/assignLicense", body).status == 400


def test_deleting_a_licensed_group_takes_the_licenses_along(firm: Firm) -> None:
    user = firm.hire()
    group = licensed(firm, user)
    firm.graph.control("DELETE", f"groups/{group}")
    assert firm.held(user) == {}
    assert firm.graph.get(f"/groups/{group}").status == 404
