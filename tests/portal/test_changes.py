"""Assign, remove, replace, undo: from the click to what the simulator wrote down."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Literal

import pytest
from playwright.sync_api import expect

from shared.calendar import expiry
from tests.portal.pages import Portal
from tests.support.api import Api
from tests.support.graph import Json
from tests.support.system import System

pytestmark = pytest.mark.system

OFFICE_E1 = "18181a46-0d4e-45cd-891e-60aabd171b4e"
OFFICE_E3 = "6fd2c87f-b296-42f0-b197-1e91e994b900"
VISIO = "c5928f49-12ba-48f7-ada3-0d743a3601d5"
POWER_BI = "f8a1db68-be16-40ed-86d5-cb42ce701560"


def team(system: System, name: str, *users: Json) -> list[str]:
    """A group with these users; returns their ids."""
    ids: list[str] = system.control.seed(users=users)["userIds"]
    system.control.seed(groups=[{"displayName": name, "members": ids}])
    return ids


def held_by(system: System, user_id: str) -> set[str]:
    return {license_["skuId"] for license_ in system.control.user(user_id)["licenses"]}


def written(system: System) -> list[Json]:
    """The license writes that took effect, by user."""
    changes = [change for change in system.control.changes() if change["changed"]]
    return [change for change in changes if change["before"]["licenses"] != change["after"]["licenses"]]


def test_assign_temporarily_without_a_service_where_the_location_is_missing(
    portal: Portal, system: System, api: Api
) -> None:
    nobody, holder = team(
        system,
        "Flow Team",
        {"displayName": "Ada New", "usageLocation": None},
        {"displayName": "Bo Holder", "usageLocation": "DE", "licenses": [{"skuId": OFFICE_E1}]},
    )
    portal.choose("Flow Team")
    portal.button("Assign Licenses").click()
    page = portal.page
    page.get_by_role("checkbox", name="Office 365 E1").check()
    page.get_by_label("Choose the services of this license").check()
    page.get_by_label("Sway").uncheck()
    page.get_by_label("Temporary: take the license back").check()
    page.get_by_label("License will expire in", exact=True).fill("2")
    page.get_by_label("License will expire in: unit").select_option("weeks")
    before = datetime.now(UTC).replace(microsecond=0)
    promised = (before + timedelta(weeks=2)).strftime("%Y-%m-%d")
    expect(page.locator("#expires-in-end")).to_contain_text(promised)
    page.get_by_label("Usage location").select_option("FR")
    expect(page.get_by_label("Only where missing")).to_be_checked()
    page.get_by_label("Note").fill("Summer project")
    portal.review()

    assert portal.figure("Users") == "2"
    assert portal.figure("Will be changed") == "2"  # the holder's services differ from those chosen
    expect(page.get_by_role("table", name="Units needed")).to_contain_text("Office 365 E1")
    expect(page.get_by_text("FR, only where missing")).to_be_visible()
    assert not written(system), "a review changes nothing"
    portal.button("Add").click()
    job_id = portal.expect_end("Finished")

    job = api.job(job_id)
    assert job["plan"]
    assert job["note"] == "Summer project"
    user, other = system.control.user(nobody), system.control.user(holder)
    assert user["usageLocation"] == "FR"
    assert other["usageLocation"] == "DE"
    sway = next(
        plan["servicePlanId"]
        for license_ in api.all("licenses")
        if license_["skuId"] == OFFICE_E1
        for plan in license_["servicePlans"]
        if plan["displayName"] == "Sway"
    )
    after = {change["userId"]: change["after"]["licenses"] for change in written(system)}
    assert after == {nobody: {OFFICE_E1: [sway]}, holder: {OFFICE_E1: [sway]}}
    grants = api.grants()
    assert [grant["user"]["id"] for grant in grants] == [nobody], "what was held before does not expire"
    ends = datetime.fromisoformat(grants[0]["expiresAt"])
    assert before <= ends - timedelta(weeks=2) <= datetime.now(UTC)


def test_sold_out_is_said_with_the_figures_before_anything_happens(portal: Portal, system: System) -> None:
    location = {"usageLocation": "DE"}
    team(system, "Many Hands", *({"displayName": f"Hand {number}", **location} for number in range(5)))
    portal.choose("Many Hands")
    portal.button("Assign Licenses").click()
    page = portal.page
    card = page.locator(".card", has_text="Visio Plan 2")
    expect(card).to_contain_text("0 of 25 available")
    expect(card).to_contain_text("Sold out")
    card.get_by_role("checkbox").check()
    page.get_by_role("checkbox", name="Power BI Pro").check()
    portal.review()
    shortage = page.get_by_role("alert")
    expect(shortage).to_contain_text("Visio Plan 2 is sold out: 5 needed, 0 available, 5 units short.")
    expect(shortage).to_contain_text("Power BI Pro: 5 needed, 2 available, 3 units short.")

    portal.button("Add").click()
    problem = page.locator(".carry-out").get_by_role("alert")
    expect(problem).to_contain_text("Units are missing")
    expect(problem).to_be_focused()
    page.get_by_label("Go on until no unit is left").check()
    portal.button("Add").click()
    portal.expect_end("Failed")
    expect(page.get_by_role("table", name="Users of this job")).to_contain_text("no")
    assert {sku for change in written(system) for sku in change["after"]["licenses"]} <= {POWER_BI}


def test_a_warning_leads_to_its_users(portal: Portal, system: System) -> None:
    team(
        system,
        "Mixed",
        {"displayName": "Gus Guest", "userType": "Guest", "usageLocation": "DE"},
        {"displayName": "Mia Member", "usageLocation": "DE"},
    )
    portal.choose("Mixed")
    portal.button("Assign Licenses").click()
    portal.page.get_by_role("checkbox", name="Office 365 E1").check()
    portal.review()
    portal.page.get_by_role("button", name="Show users: Are guests").click()
    rows = portal.page.get_by_role("table", name="Users of this job").locator("tbody tr")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("Gus Guest")
    expect(portal.page.get_by_label("Show", exact=True)).to_be_focused()
    assert "warning=Guests" in portal.page.url


def test_a_group_that_could_not_be_read_is_named_before_the_plan_is_carried_out(
    portal: Portal, system: System
) -> None:
    team(system, "Known", {"displayName": "Nora", "usageLocation": None}, {"usageLocation": "DE"})
    team(system, "Unknown", {"usageLocation": "DE"})
    lost = f"groups/{system.control.group_named('Unknown')}/"
    system.control.add_faults({"kind": "status", "status": 403, "path": lost})
    portal.choose("Known", "Unknown")
    portal.button("Assign Licenses").click()
    page = portal.page
    page.get_by_role("checkbox", name="Office 365 E1").check()
    portal.review()
    assert portal.figure("Would fail") == "1"
    warning = page.locator(".message-warning")
    expect(warning).to_contain_text("The users of 1 group are not in this review.")
    expect(warning.get_by_role("listitem")).to_contain_text(re.compile("\u2068Unknown\u2069: .+"))
    expect(portal.button("Add")).to_be_visible()


def test_remove_names_what_goes_and_begins_on_cancel(portal: Portal, system: System, api: Api) -> None:
    both = {"usageLocation": "DE", "licenses": [{"skuId": OFFICE_E3}, {"skuId": POWER_BI}]}
    first, second = team(
        system, "Leaving Soon", {"displayName": "Lee One", **both}, {"displayName": "Lee Two", **both}
    )
    portal.choose("Leaving Soon")
    portal.button("Remove Licenses").click()
    page = portal.page
    expect(page.locator(".card", has_text="Office 365 E3")).to_contain_text("2 users: 2 direct, 0 inherited")
    page.get_by_role("checkbox", name="Office 365 E3").check()
    portal.review()
    expect(page.get_by_text("Lose their mailbox: 2 users")).to_be_visible()

    portal.button("Remove").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Office 365 E3\u2069 will be removed from 2 users.")
    expect(dialog).to_contain_text("removed from Microsoft 365")
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    page.keyboard.press("Enter")
    expect(dialog).to_have_count(0)
    expect(portal.button("Remove")).to_be_focused()
    assert not written(system), "canceled"

    portal.button("Remove").click()
    dialog.get_by_role("button", name="Remove").click()
    removed = portal.expect_end("Finished")
    assert {change["userId"]: list(change["after"]["licenses"]) for change in written(system)} == {
        first: [POWER_BI],
        second: [POWER_BI],
    }

    portal.button("Undo").click()
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    dialog.get_by_role("button", name="Review impact").click()
    expect(page.locator(".tiles")).to_be_visible()
    portal.button("Undo").click()
    dialog.get_by_role("button", name="Undo").click()
    undo = portal.expect_end("Finished")
    assert held_by(system, first) == {OFFICE_E3, POWER_BI}
    assert api.job(undo)["undoOf"] == removed

    page.get_by_role("link", name=f"Job {removed[:8]}").click()
    expect(page.get_by_role("link", name=f"Job {undo[:8]}")).to_be_visible()
    portal.button("Undo").press("Enter")
    expect(dialog).to_contain_text("An undo of this job was started before.")


@pytest.fixture
def two_teams(system: System) -> None:
    """Holders of three licenses; and one who holds one of them directly, one by a group, one not at all."""
    held = [{"skuId": sku} for sku in (OFFICE_E1, OFFICE_E3, POWER_BI)]
    team(system, "Before", {"usageLocation": "DE", "licenses": held})
    ids = team(system, "After", {"usageLocation": "DE", "licenses": held[2:]})
    system.control.seed(
        groups=[{"displayName": "By group", "members": ids, "assignedLicenses": [{"skuId": OFFICE_E3}]}]
    )


@pytest.mark.usefixtures("two_teams")
def test_what_was_chosen_for_other_groups_is_neither_sent_nor_hidden(portal: Portal, api: Api) -> None:
    page = portal.page
    names = ("Office 365 E1", "Office 365 E3", "Power BI Pro")
    for action in ("Remove", "Replace"):
        portal.choose("Before")
        portal.button(f"{action} Licenses").click()
        held = page.get_by_role("group", name=f"Licenses to {action.lower()}")
        for name in names:
            held.get_by_role("checkbox", name=name).check()
        portal.open("groups")
        portal.button("Clear").click()
        portal.choose("After")
        portal.button(f"{action} Licenses").click()
        expect(held.get_by_role("checkbox", name="Power BI Pro")).to_be_checked()
        expect(held.get_by_role("checkbox", name="Office 365 E3")).to_be_disabled()
        expect(held.get_by_role("checkbox", checked=True)).to_have_count(1)
        portal.open("groups")
        portal.button("Clear").click()

    portal.choose("After")
    portal.button("Replace Licenses").click()
    replacements = page.get_by_role("group", name="Replacements")
    expect(replacements.get_by_role("checkbox", name="Office 365 E3")).to_be_visible()
    replacements.get_by_role("checkbox", name="Office 365 E1").check()
    portal.review()
    (job,) = api.all("jobs")
    assert job["request"]["replaces"] == [POWER_BI]


@pytest.mark.usefixtures("two_teams")
def test_what_is_chosen_stays_in_sight_where_not_all_users_could_be_read(portal: Portal) -> None:
    portal.choose("Before")
    portal.button("Remove Licenses").click()
    page = portal.page
    page.get_by_role("checkbox", name="Office 365 E1").check()
    portal.open("groups")
    portal.button("Clear").click()
    portal.choose("After")
    in_part = {"value": [], "usersRead": 0, "complete": False}
    page.route("**/api/licenses/assigned", lambda route: route.fulfill(json=in_part))
    portal.button("Remove Licenses").click()
    expect(page.get_by_text("The groups are large")).to_be_visible()
    chosen = page.get_by_role("checkbox", name="Office 365 E1", checked=True)
    chosen.click()
    expect(chosen).to_have_count(0)
    portal.button("Review impact").click()
    expect(page.get_by_role("alert")).to_have_text("Select at least one license to remove.")


def test_a_job_can_be_undone_once_more_but_only_if_it_changed_something(
    portal: Portal, system: System, api: Api
) -> None:
    (user,) = team(system, "Back and Forth", {"usageLocation": "DE"})
    body = {"action": "assign", "groupIds": [system.control.group_named("Back and Forth")]}
    job = api.run({**body, "licenses": [{"skuId": OFFICE_E1}]}, status="Finished")
    undo = api.undo(job["id"], confirm=True)
    api.wait(undo["id"], status="Finished")
    api.wait(api.undo(undo["id"], confirm=True)["id"], status="Finished")
    assert held_by(system, user) == {OFFICE_E1}
    portal.open(f"jobs/{job['id']}")
    portal.button("Undo").click()
    portal.page.get_by_role("dialog").get_by_role("button", name="Undo now").click()
    portal.page.get_by_role("link", name="View").click()
    portal.expect_end("Finished")
    assert not held_by(system, user)

    system.control.patch_user(user, licenses=[{"skuId": OFFICE_E1}])
    unchanged = api.run({**body, "licenses": [{"skuId": OFFICE_E1}]}, status="Finished")
    portal.open(f"jobs/{unchanged['id']}")
    portal.button("Undo").press("Enter")
    explanation = portal.page.locator(".explanation")
    expect(explanation).to_have_text("This job changed nothing that could be undone.")


def test_replace_is_one_step_and_keeps_what_was_off(portal: Portal, system: System, api: Api) -> None:
    sway = next(
        plan["servicePlanId"]
        for license_ in api.all("licenses")
        if license_["skuId"] == OFFICE_E1
        for plan in license_["servicePlans"]
        if plan["displayName"] == "Sway"
    )
    held = {"usageLocation": "DE", "licenses": [{"skuId": OFFICE_E1, "disabledPlans": [sway]}]}
    user, other = team(
        system, "Upgrades", {"displayName": "Uma Up", **held}, {"displayName": "Nil", "usageLocation": "DE"}
    )
    portal.choose("Upgrades")
    portal.button("Replace Licenses").click()
    page = portal.page
    page.get_by_role("group", name="Licenses to replace").get_by_role(
        "checkbox", name="Office 365 E1"
    ).check()
    replacements = page.get_by_role("group", name="Replacements")
    expect(replacements.get_by_text("Office 365 E1")).to_have_count(0)
    replacements.get_by_role("checkbox", name="Office 365 E3").check()
    expect(page.get_by_label("Keep disabled services")).to_be_checked()
    portal.review()
    expect(page.locator(".tile", has_text="Stay as they are")).to_contain_text(
        "1: Holds nothing that is to be replaced"
    )
    portal.button("Replace").click()
    page.get_by_role("dialog").get_by_role("button", name="Replace").click()
    portal.expect_end("Finished")
    (change,) = written(system)
    assert (change["userId"], change["after"]["licenses"]) == (user, {OFFICE_E3: [sway]})
    assert not held_by(system, other)


TERMS: tuple[tuple[str, int, Literal["days", "weeks", "months"]], ...] = (
    ("2026-01-31T10:00:00+00:00", 1, "months"),
    ("2028-01-31T10:00:00+00:00", 1, "months"),
    ("2026-12-31T23:59:59+00:00", 2, "months"),
    ("2026-11-24T04:00:00+00:00", 3, "weeks"),
    ("2026-03-08T06:30:00+00:00", 1, "days"),  # clocks change in New York
    ("2026-11-30T00:00:00+00:00", 15, "months"),
)


def test_the_date_on_the_page_is_the_servers(portal: Portal) -> None:
    portal.open()
    shown = portal.page.evaluate(
        """async (terms) => {
            const { expiry } = await import("./js/format.js");
            return terms.map(([start, value, unit]) => expiry(start, value, unit).toISOString());
        }""",
        [list(term) for term in TERMS],
    )
    for (start, value, unit), text in zip(TERMS, shown, strict=True):
        assert datetime.fromisoformat(text) == expiry(datetime.fromisoformat(start), value, unit)
