"""assignLicense on a user: every refusal, what a success does, and the units it takes."""

from collections.abc import Callable

import pytest

from tests.graph_simulator.conftest import Firm
from tests.graph_simulator.in_process import Json

UNKNOWN = "11111111-2222-4333-8444-555555555555"
BAD = "Request_BadRequest"

Body = Callable[[Firm], Json]


def change(*add: str, remove: tuple[str, ...] = (), disabled: tuple[str, ...] = ()) -> Body:
    """A body from part numbers and plan names; what is neither is sent as it is."""

    def body(firm: Firm) -> Json:
        plans = [firm.plan(name) if name.isupper() else name for name in disabled]
        return {
            "addLicenses": [{"skuId": firm.skus.get(name, name), "disabledPlans": plans} for name in add],
            "removeLicenses": [firm.skus.get(name, name) for name in remove],
        }

    return body


REFUSALS: list[tuple[str, tuple[str, ...], str | None, Body, str]] = [
    # what, held before, usageLocation, body, part of the message
    ("no addLicenses", (), "DE", lambda _: {"removeLicenses": []}, "missing parameters are: addLicenses."),
    ("no removeLicenses", (), "DE", lambda _: {"addLicenses": []}, "missing parameters are: removeLicenses."),
    (
        "null arrays",
        (),
        "DE",
        lambda _: {"addLicenses": None, "removeLicenses": None},
        "addLicenses, removeLicenses",
    ),
    ("both empty", (), "DE", change(), "No license changes provided."),
    ("add no GUID", (), "DE", change("E3"), "'Edm.Guid'"),
    ("remove no GUID", (), "DE", change(remove=("E3",)), "'Edm.Guid'"),
    ("plan no GUID", (), "DE", change("EMS", disabled=("intune",)), "'Edm.Guid'"),
    ("add unknown", (), "DE", change(UNKNOWN), f"License {UNKNOWN} does not correspond to a valid company"),
    (
        "remove unknown",
        (),
        "DE",
        change(remove=(UNKNOWN,)),
        "does not correspond to a valid company License.",
    ),
    ("company only", (), "DE", change("WINDOWS_STORE"), "does not correspond to a valid company License."),
    ("add and remove", ("EMS",), "DE", change("EMS", remove=("EMS",)), "both added and removed"),
    ("twice", (), "DE", change("EMS", "EMS"), "more than once"),
    ("not held", (), "DE", change(remove=("EMS",)), "User does not have a corresponding license."),
    ("no location", (), None, change("EMS"), "with invalid usage location."),
    ("bad location", (), "XX", change("EMS"), "with invalid usage location."),
    ("foreign plan", (), "DE", change("EMS", disabled=("TEAMS1",)), "does not belong to the license"),
    ("sold out", (), "DE", change("VISIOCLIENT"), "does not have any available licenses."),
    ("suspended", (), "DE", change("POWER_BI_PRO"), "does not have any available licenses."),
    ("E1 beside E3", ("ENTERPRISEPACK",), "DE", change("STANDARDPACK"), "are mutually exclusive."),
    ("F3 beside E3", ("ENTERPRISEPACK",), "DE", change("DESKLESSPACK"), "are mutually exclusive."),
    (
        "two SharePoints",
        (),
        "DE",
        change("SHAREPOINTSTANDARD", "SHAREPOINTENTERPRISE"),
        "mutually exclusive.",
    ),
    ("phone alone", (), "DE", change("MCOEV"), "depends on the service plan(s) "),
    ("conferencing alone", (), "DE", change("MCOMEETADV"), "depends on the service plan(s) "),
    ("analytics alone", (), "DE", change("WORKPLACE_ANALYTICS"), "depends on the service plan(s) "),
    ("defender alone", (), "DE", change("THREAT_INTELLIGENCE"), "depends on the service plan(s) "),
    (
        "project without SharePoint",
        (),
        "DE",
        change("PROJECTPROFESSIONAL", disabled=("SHAREPOINTENTERPRISE",)),
        "fe71d6c3-a2ea-4499-9778-da042bf08063 depends on the service plan(s) 5dbe027f-2339-4123-9542-606e4d348a72",
    ),
    (
        "base still needed",
        ("ENTERPRISEPACK", "MCOEV"),
        "DE",
        change(remove=("ENTERPRISEPACK",)),
        "4828c8ec-dc2e-4779-b502-87ac9ce28ab7 depends on the service plan(s) 57ff2da0-773e-42df-b2af-ffb7a2317929",
    ),
    (
        "one bad of two",
        ("EMS",),
        "DE",
        change("ENTERPRISEPACK", remove=("EMS", "MCOEV")),
        "corresponding license",
    ),
]


@pytest.mark.parametrize(
    ("held", "location", "body", "message"), [r[1:] for r in REFUSALS], ids=[r[0] for r in REFUSALS]
)
def test_refusal_names_its_reason_and_changes_nothing(
    firm: Firm, held: tuple[str, ...], location: str | None, body: Body, message: str
) -> None:
    user = firm.hire(location, held)
    before, stats = firm.held(user), firm.graph.control("GET", "skus")
    reply = firm.graph.call("POST", f"/users/{user}/assignLicense", body(firm))
    assert (reply.status, reply.code) == (400, BAD)
    assert message in reply.message
    assert firm.held(user) == before
    assert firm.graph.control("GET", "skus") == stats
    assert firm.graph.control("GET", "changes")["changes"] == []


def test_unknown_user_is_404_before_the_body_is_judged(firm: Firm) -> None:
    reply = firm.graph.call("POST", f"/users/{UNKNOWN}/assignLicense", {})
    assert (reply.status, reply.code) == (404, "Request_ResourceNotFound")
    assert reply.message.startswith(f"Resource '{UNKNOWN}' does not exist")


def test_the_order_of_the_checks(firm: Firm) -> None:
    """A request that is wrong in several ways is refused for the first, mended one by one."""
    user = firm.hire(None, ("ENTERPRISEPACK",))
    messages = []
    bodies = [
        change("E3", UNKNOWN, remove=("EMS",)),
        change(UNKNOWN, "STANDARDPACK", remove=("EMS",)),
        change("STANDARDPACK", "VISIOCLIENT", remove=("EMS",), disabled=("INTUNE_A",)),
        change("STANDARDPACK", "VISIOCLIENT", disabled=("INTUNE_A",)),
    ]
    for body in bodies:
        messages.append(firm.graph.call("POST", f"/users/{user}/assignLicense", body(firm)).message)
    firm.graph.control("PATCH", f"users/{user}", {"usageLocation": "DE"})
    for body in (bodies[3], change("STANDARDPACK", "VISIOCLIENT"), change("STANDARDPACK")):
        messages.append(firm.graph.call("POST", f"/users/{user}/assignLicense", body(firm)).message)
    expected = [
        "Edm.Guid",
        "valid company",
        "corresponding",
        "location",
        "does not belong",
        "available",
        "exclusive",
    ]
    assert [part in message for part, message in zip(expected, messages, strict=True)] == [True] * 7


def test_success_answers_the_default_properties_only(firm: Firm) -> None:
    user = firm.hire()
    reply = firm.graph.assign(user, [firm.skus["EMS"]])
    assert reply.status == 200
    assert set(reply.json) == {
        "@odata.context", "businessPhones", "displayName", "givenName", "jobTitle", "mail", "mobilePhone",
        "officeLocation", "preferredLanguage", "surname", "userPrincipalName", "id",
    }  # fmt: skip
    assert list(firm.held(user)) == [firm.skus["EMS"]]


def test_swap_in_one_call_passes_what_two_calls_would_not(firm: Firm) -> None:
    user = firm.hire(licenses=("STANDARDPACK",))
    assert firm.graph.assign(user, [firm.skus["ENTERPRISEPACK"]]).status == 400
    reply = firm.graph.assign(user, [firm.skus["ENTERPRISEPACK"]], [firm.skus["STANDARDPACK"]])
    assert reply.status == 200
    assert list(firm.held(user)) == [firm.skus["ENTERPRISEPACK"]]
    assert (firm.consumed("STANDARDPACK"), firm.consumed("ENTERPRISEPACK")) == (0, 1)


def test_exchange_plans_1_and_2_go_together(firm: Firm) -> None:
    user = firm.hire(licenses=("EXCHANGESTANDARD",))
    assert firm.graph.assign(user, [firm.skus["EXCHANGEENTERPRISE"]]).status == 200


def test_a_disabled_plan_does_not_conflict(firm: Firm) -> None:
    user = firm.hire(licenses=("ENTERPRISEPACK",))
    off = [firm.plan("SHAREPOINTSTANDARD")]
    reply = firm.graph.assign(user, [{"skuId": firm.skus["STANDARDPACK"], "disabledPlans": off}])
    assert reply.status == 200


def test_add_on_with_its_base_and_both_gone_together(firm: Firm) -> None:
    user = firm.hire()
    both = [firm.skus["ENTERPRISEPACK"], firm.skus["MCOEV"]]
    assert firm.graph.assign(user, both).status == 200
    assert firm.graph.assign(user, remove=both).status == 200
    assert firm.held(user) == {}


def test_an_old_conflict_does_not_stop_other_changes(firm: Firm) -> None:
    """Only conflicts that a call brings about are refused."""
    user = firm.hire(licenses=("SHAREPOINTSTANDARD", "SHAREPOINTENTERPRISE", "ENTERPRISEPACK", "MCOEV"))
    assert firm.graph.assign(user, remove=[firm.skus["MCOEV"]]).status == 200
    assert firm.graph.assign(user, remove=[firm.skus["SHAREPOINTSTANDARD"]]).status == 200


def test_assigning_again_overwrites_disabled_plans_and_takes_no_unit(firm: Firm) -> None:
    sku, plan = firm.skus["EMS"], firm.plan("INTUNE_A")
    user = firm.hire()
    firm.graph.assign(user, [{"skuId": sku, "disabledPlans": [plan]}])
    assert firm.held(user)[sku]["disabledPlans"] == [plan]
    firm.graph.assign(user, [{"skuId": sku}])
    assert firm.held(user)[sku]["disabledPlans"] == []
    assert firm.consumed("EMS") == 1


def test_assigning_what_is_held_is_committed_and_counted_as_unchanged(firm: Firm) -> None:
    user = firm.hire(licenses=("EMS",))
    assert firm.graph.assign(user, [firm.skus["EMS"]]).status == 200
    (entry,) = firm.graph.control("GET", "changes")["changes"]
    assert (entry["changed"], entry["before"] == entry["after"]) == (False, True)
    assert firm.graph.control("GET", "stats")["writes"] == {
        "attempted": 1, "succeeded": 1, "refused": 0, "throttled": 0, "faulted": 0, "unchanged": 1,
    }  # fmt: skip


def test_the_last_unit_goes_to_one(firm: Firm) -> None:
    firm.graph.control("PATCH", f"skus/{firm.skus['EMS']}", {"enabled": 1})
    first, second = firm.hire(), firm.hire()
    assert firm.graph.assign(first, [firm.skus["EMS"]]).status == 200
    assert "available licenses" in firm.graph.assign(second, [firm.skus["EMS"]]).message
    assert firm.graph.assign(first, [firm.skus["EMS"]]).status == 200, "who holds it needs no unit"
    assert firm.graph.assign(first, remove=[firm.skus["EMS"]]).status == 200
    assert firm.graph.assign(second, [firm.skus["EMS"]]).status == 200


def test_units_in_grace_can_be_assigned_and_those_of_the_deleted_return(firm: Firm) -> None:
    firm.graph.control("PATCH", f"skus/{firm.skus['EMS']}", {"enabled": 0, "warning": 1})
    user, other = firm.hire(), firm.hire()
    assert firm.graph.assign(user, [firm.skus["EMS"]]).status == 200
    assert firm.graph.assign(other, [firm.skus["EMS"]]).status == 400
    firm.graph.control("DELETE", f"users/{user}")
    assert firm.graph.assign(other, [firm.skus["EMS"]]).status == 200


def test_a_suspended_license_can_be_removed(firm: Firm) -> None:
    user = firm.hire(licenses=("POWER_BI_PRO",))
    assert firm.graph.assign(user, remove=[firm.skus["POWER_BI_PRO"]]).status == 200


def test_the_change_log_tells_before_and_after(firm: Firm) -> None:
    sku, plan = firm.skus["EMS"], firm.plan("INTUNE_A")
    user = firm.hire()
    reply = firm.graph.assign(user, [{"skuId": sku, "disabledPlans": [plan]}])
    firm.graph.call("PATCH", f"/users/{user}", {"usageLocation": "FR"}, client_request_id="mine")
    log = firm.graph.control("GET", "changes?since=0")
    assert log["last"] == 2
    license_change, location_change = log["changes"]
    assert license_change == {
        "seq": 1,
        "time": firm.graph.clock.now(),
        "userId": user,
        "kind": "license",
        "request": {"addLicenses": [{"skuId": sku, "disabledPlans": [plan]}], "removeLicenses": []},
        "before": {"licenses": {}, "usageLocation": "DE"},
        "after": {"licenses": {sku: [plan]}, "usageLocation": "DE"},
        "changed": True,
        "clientRequestId": reply.headers["client-request-id"],
        "requestId": reply.headers["request-id"],
    }
    assert location_change["kind"] == "location"
    assert location_change["request"] == {"usageLocation": "FR"}
    assert location_change["clientRequestId"] == "mine"
    assert firm.graph.control("GET", "changes?since=1")["changes"] == [location_change]


@pytest.mark.parametrize("location", ["USA", "de", "", "XX", None, 49])
def test_bad_locations_are_refused(firm: Firm, location: object) -> None:
    user = firm.hire("DE")
    reply = firm.graph.call("PATCH", f"/users/{user}", {"usageLocation": location})
    assert (reply.status, reply.code) == (400, BAD)
    assert "usageLocation" in reply.message
    assert firm.graph.control("GET", f"users/{user}")["usageLocation"] == "DE"


def test_a_location_is_set_without_an_answer_body(firm: Firm) -> None:
    user = firm.hire(None)
    reply = firm.graph.call(
        "PATCH", f"/users/{user}", {"@odata.type": "#microsoft.graph.user", "usageLocation": "GB"}
    )
    assert (reply.status, reply.content) == (204, b"")
    assert firm.graph.get(f"/users/{user}?$select=usageLocation").json["usageLocation"] == "GB"


@pytest.mark.parametrize(
    "body", [{}, [], {"@odata.type": "#microsoft.graph.user"}, {"shoeSize": 44}, {"displayName": "x"}]
)
def test_other_patches_are_refused(firm: Firm, body: object) -> None:
    assert firm.graph.call("PATCH", f"/users/{firm.hire()}", body).status == 400


def test_licenses_cannot_be_patched(firm: Firm) -> None:
    reply = firm.graph.call("PATCH", f"/users/{firm.hire()}", {"assignedLicenses": []})
    assert (reply.status, reply.message) == (
        400,
        "Property 'assignedLicenses' is read-only and cannot be set.",
    )
