"""A dry run tells what would happen to each user and why, and writes nothing."""

from datetime import datetime
from typing import Any

import pytest

from tests.support.eventually import eventually
from tests.support.principals import READER
from tests.support.system import System
from tests.system.tenants import OFFICE_E3, POWER_BI, VISIO, Tenant, direct, mixed_tenant

Json = dict[str, Any]
pytestmark = pytest.mark.system

EXCHANGE = "4b9405b0-7788-4568-add1-99614e613b69"  # EXCHANGESTANDARD
PHONE = "e43b5b99-8dfb-405f-9987-dc307f34bcbd"  # MCOEV, which needs Teams
SHAREPOINT_1 = (
    "1fc08a02-8b3d-43b9-831e-f76859e04e1a"  # SHAREPOINTSTANDARD, which excludes that of Office 365 E3
)


@pytest.fixture
def tenant(system: System) -> Tenant:
    return mixed_tenant(system.control)


def dry_run(system: System, body: Json, status: str | None = None) -> Json:
    """A dry run's job, once it has ended; asked for by somebody who may read only."""
    before = len(system.control.changes())
    job = system.api.as_principal(READER).run({**body, "dryRun": True}, status=status)
    assert job["dryRun"] is True
    assert len(system.control.changes()) == before, "a dry run wrote"
    assert system.control.stats()["writes"]["attempted"] == before, "a dry run tried to write"
    return job


def warned(system: System, job: Json) -> dict[str, set[str]]:
    """The users behind each warning, as its list shows them; their number is that of the warning."""
    found = {}
    for warning in job["warnings"]:
        items = system.api.items(job["id"], warning=warning["code"])
        found[warning["code"]] = {item["displayName"] for item in items}
        if warning["code"] != "Shortage":
            assert len(items) == warning["users"]
            assert all(warning["code"] in item["warnings"] for item in items)
    return found


def outcomes(system: System, job: Json) -> dict[str, tuple[str, str | None]]:
    return {item["displayName"]: (item["status"], item["reason"]) for item in system.api.items(job["id"])}


def sold(system: System, *part_numbers: str) -> None:
    """An empty tenant that has units of these licences."""
    system.control.reset("empty")
    system.control.seed(skus=[{"skuPartNumber": name, "enabled": 100} for name in part_numbers])


def people(system: System, *users: Json) -> str:
    """A new group of these users, who are in Germany unless they say otherwise."""
    ids = system.control.seed(users=[{"usageLocation": "DE", **user} for user in users])["userIds"]
    group = {"displayName": "People", "kind": "security", "members": ids}
    return str(system.control.seed(groups=[group])["groupIds"][0])


def test_an_assign_says_who_would_get_it_and_who_not(system: System, tenant: Tenant) -> None:
    groups = [tenant.groups["Europe"], tenant.groups["Berlin"]]
    job = dry_run(system, {"action": "assign", "groupIds": groups, "licenses": [{"skuId": VISIO}]})
    assert job["status"] == "FinishedWithException"
    assert outcomes(system, job) == {
        "none": ("changed", None),
        "direct": ("unchanged", "AlreadyHeld"),
        "inherited": ("unchanged", "HeldByInheritance"),
        "both": ("unchanged", "AlreadyHeld"),
        "office": ("changed", None),
        "office and visio": ("unchanged", "AlreadyHeld"),
        "no location": ("failed", "UsageLocationMissing"),
        "guest": ("changed", None),
        "disabled": ("changed", None),
    }
    assert warned(system, job) == {
        "InheritedOnly": {"inherited"},
        "UsageLocationMissing": {"no location"},
        "Guests": {"guest"},
        "DisabledAccounts": {"disabled"},
    }
    (demand,) = job["demand"]
    assert (demand["needed"], demand["available"], demand["shortage"]) == (4, 996, 0)
    (added,) = [item["added"] for item in system.api.items(job["id"]) if item["displayName"] == "none"]
    assert added == [{"skuId": VISIO, "disabledPlans": [], "expiresAt": None}]


def test_a_removal_needs_no_confirmation_and_names_the_licensing_group(
    system: System, tenant: Tenant
) -> None:
    body = {
        "action": "remove",
        "groupIds": [tenant.groups["Germany"]],
        "licenses": [{"skuId": VISIO}, {"skuId": OFFICE_E3}],
    }
    job = dry_run(system, body)
    assert warned(system, job) == {
        "InheritedOnly": {"inherited"},
        "StillInherited": {"both"},
        "LosesMailbox": {"office"},
    }
    (warning,) = [warning for warning in job["warnings"] if warning["code"] == "InheritedOnly"]
    assert "Visio by group" in warning["message"]
    (inherited,) = system.api.items(job["id"], warning="InheritedOnly")
    assert (inherited["status"], inherited["reason"]) == ("failed", "LicenseInherited")
    assert "(from group Visio by group)" in inherited["error"]["message"]
    assert job["demand"] == []


def test_only_the_last_plan_that_keeps_a_mailbox_or_a_phone_number_counts(system: System) -> None:
    sold(system, "ENTERPRISEPACK", "EXCHANGESTANDARD", "MCOEV", "POWER_BI_PRO")
    group = people(
        system,
        {"displayName": "mail twice", "licenses": [direct(OFFICE_E3), direct(EXCHANGE)]},
        {"displayName": "mail once", "licenses": [direct(EXCHANGE)]},
        {"displayName": "phone", "licenses": [direct(OFFICE_E3), direct(PHONE)]},
        {"displayName": "neither", "licenses": [direct(POWER_BI)]},
    )
    named = [{"skuId": EXCHANGE}, {"skuId": PHONE}]
    job = dry_run(system, {"action": "remove", "groupIds": [group], "licenses": named})
    assert warned(system, job) == {"LosesMailbox": {"mail once"}, "LosesPhone": {"phone"}}

    body = {"action": "replace", "replaces": "all", "groupIds": [group], "licenses": [{"skuId": OFFICE_E3}]}
    job = dry_run(system, body)
    assert warned(system, job) == {"LosesPhone": {"phone"}}


def test_a_conflict_is_foretold_though_only_graph_refuses(system: System) -> None:
    sold(system, "ENTERPRISEPACK", "SHAREPOINTSTANDARD", "MCOEV")
    group = people(
        system,
        {"displayName": "office", "licenses": [direct(OFFICE_E3)]},
        {"displayName": "sharepoint", "licenses": [direct(SHAREPOINT_1)]},
        {"displayName": "none"},
    )
    named = [{"skuId": SHAREPOINT_1}, {"skuId": PHONE}]
    body = {"action": "assign", "groupIds": [group], "licenses": named}
    job = dry_run(system, body, status="Finished")
    assert job["counts"]["changed"] == 3
    # the phone needs Teams, which only Office has; two SharePoints exclude each other
    assert warned(system, job) == {"PlanConflict": {"office", "sharepoint", "none"}}

    real = system.api.run(body, status="Failed")
    reasons = {name: reason for name, (_, reason) in outcomes(system, real).items()}
    assert reasons == {
        "office": "ServicePlanConflict",
        "sharepoint": "ServicePlanDependency",
        "none": "ServicePlanDependency",
    }


def test_a_shortage_stands_in_the_demand_and_refuses_nothing(system: System, tenant: Tenant) -> None:
    system.control.patch_sku(VISIO, enabled=5)  # four are in use
    system.control.patch_sku(POWER_BI, enabled=0)
    body = {
        "action": "assign",
        "groupIds": [tenant.groups["Germany"]],
        "licenses": [{"skuId": VISIO}, {"skuId": POWER_BI}],
    }
    assert system.api.post("jobs", body).json()["error"]["code"] == "NoAvailableLicenses"

    job = dry_run(system, body, status="Finished")

    assert job["counts"]["changed"] == 5
    figures = {line["skuId"]: (line["needed"], line["available"], line["shortage"]) for line in job["demand"]}
    assert figures == {VISIO: (2, 1, 1), POWER_BI: (5, 0, 5)}
    (shortage,) = [warning for warning in job["warnings"] if warning["code"] == "Shortage"]
    assert shortage["users"] == 6
    assert warned(system, job)["Shortage"] == {"none", "direct", "inherited", "both", "office"}


def test_what_a_running_job_will_still_take_is_not_available(system: System) -> None:
    system.control.reset("empty")
    system.control.seed(skus=[{"skuPartNumber": "VISIOCLIENT", "enabled": 1000}])
    bulk = [{"displayName": name, "users": 300, "usageLocation": "DE"} for name in ("First", "Second")]
    first, second = system.control.seed(bulk=bulk)["groupIds"]
    system.control.set_limits(writes=20, seconds=10)
    running = system.api.submit({"action": "assign", "groupIds": [first], "licenses": [{"skuId": VISIO}]})
    eventually(lambda: system.api.job(running["id"])["counts"]["changed"], what="the first writes of the job")

    asked = {"action": "assign", "groupIds": [second], "licenses": [{"skuId": VISIO}], "dryRun": True}
    job = system.api.run(asked, status="Finished")

    (demand,) = job["demand"]
    assert (demand["needed"], demand["available"], demand["shortage"]) == (300, 700, 0)
    system.control.set_limits(enabled=False)
    system.api.cancel(running["id"])
    system.api.wait(running["id"])


def test_units_are_those_free_when_the_groups_are_read(system: System, tenant: Tenant) -> None:
    """A running job that has taken its units counts as any other user of them."""
    body = {"action": "assign", "groupIds": [tenant.groups["Germany"]], "licenses": [{"skuId": POWER_BI}]}
    system.api.run(body, status="Finished")
    again = {**body, "groupIds": [tenant.groups["Berlin"]]}
    (demand,) = dry_run(system, again, status="Finished")["demand"]
    assert (demand["needed"], demand["available"]) == (2, 995)


def test_guests_and_disabled_accounts_can_be_left_out(system: System, tenant: Tenant) -> None:
    body = {
        "action": "assign",
        "groupIds": [tenant.groups["Europe"], tenant.groups["Berlin"]],
        "licenses": [{"skuId": VISIO}],
        "include": {"guests": False, "disabled": False},
    }
    job = dry_run(system, body)
    assert not {"guest", "disabled"} & outcomes(system, job).keys()
    assert job["progress"]["total"] == 7
    assert [group["users"] for group in job["groups"]] == [6, 3]
    assert job["demand"][0]["needed"] == 2
    assert not {"Guests", "DisabledAccounts"} & {warning["code"] for warning in job["warnings"]}


def test_an_undo_has_a_demand_too(system: System, tenant: Tenant) -> None:
    groups = [tenant.groups["Germany"]]
    body = {"action": "remove", "groupIds": groups, "licenses": [{"skuId": VISIO}], "confirm": True}
    removed = system.api.run(body)
    system.control.patch_sku(VISIO, enabled=3)  # three are in use: one keeps it twice, two by inheritance
    before = len(system.control.changes())

    undo = system.api.undo(removed["id"], dryRun=True)
    job = system.api.wait(undo["id"], status="Finished")

    assert (job["action"], job["dryRun"], job["undoOf"]) == ("undo", True, removed["id"])
    assert outcomes(system, job) == {"direct": ("changed", None), "both": ("changed", None)}
    (demand,) = job["demand"]
    assert (demand["skuId"], demand["needed"], demand["available"], demand["shortage"]) == (VISIO, 1, 0, 1)
    assert len(system.control.changes()) == before
    assert system.api.job(removed["id"])["undoneBy"] is None


def test_two_thousand_users_take_seconds(system: System) -> None:
    system.control.reset("empty")
    system.control.seed(skus=[{"skuPartNumber": "VISIOCLIENT", "enabled": 10_000}])
    share = [{"skuId": VISIO, "share": 0.1}]
    bulk = [{"displayName": "Many", "users": 2000, "usageLocation": "DE", "licenses": share}]
    group = system.control.seed(bulk=bulk)["groupIds"][0]
    body = {"action": "assign", "groupIds": [group], "licenses": [{"skuId": VISIO}]}
    job = dry_run(system, body, status="Finished")
    assert job["counts"]["changed"] + job["counts"]["unchanged"] == 2000
    assert job["demand"][0]["needed"] == job["counts"]["changed"]
    created, finished = (datetime.fromisoformat(job[name]) for name in ("createdAt", "finishedAt"))
    assert (finished - created).total_seconds() < 20  # two or three on an idle machine
