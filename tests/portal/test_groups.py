"""Groups: search, pages, and a selection that survives both; names that are not what they seem."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.portal.pages import Portal
from tests.portal.test_changes import OFFICE_E1, team
from tests.support.api import Api
from tests.support.system import System

pytestmark = pytest.mark.system

COMMANDS = ("Assign Licenses", "Remove Licenses", "Replace Licenses", "Export Results")


def test_the_selection_survives_paging_search_and_reload(portal: Portal, system: System) -> None:
    system.control.seed(groups=[{"displayName": f"Page {number:03}"} for number in range(120)])
    portal.open("groups")
    page = portal.page
    for command in COMMANDS:
        expect(portal.button(command)).to_be_disabled()
    page.get_by_label("Select all on this page").check()
    expect(page.get_by_text("50 groups selected")).to_be_visible()
    portal.button("Next").click()
    expect(page.get_by_text("Page 2", exact=True)).to_be_visible()
    portal.settle()
    expect(page.locator("tbody :checked")).to_have_count(0)
    page.locator("tbody input").first.check()
    expect(page.get_by_text("51 groups selected")).to_be_visible()
    portal.button("Previous").click()
    expect(page.locator("tbody :checked")).to_have_count(50)

    page.get_by_label("Search groups").fill("Page 11")
    expect(page.locator("tbody tr")).to_have_count(10)
    portal.group("Page 115").check()
    expect(page.get_by_text("52 groups selected")).to_be_visible()
    page.reload()
    portal.settle()
    expect(portal.group("Page 115")).to_be_checked()  # the search is part of the address
    for command in COMMANDS:
        expect(portal.button(command)).to_be_enabled()
    portal.button("Clear").click()
    expect(page.get_by_text("0 groups selected")).to_be_visible()
    expect(page.locator("tbody :checked")).to_have_count(0)


def test_a_group_shows_its_users_and_what_they_hold(portal: Portal) -> None:
    portal.open("groups?search=License%20Visio")
    page = portal.page
    row = page.locator("tbody tr", has_text="License Visio Plan 2")
    expect(row).to_contain_text("Security")
    expect(row.locator("td", has_text="Visio Plan 2").last).to_be_visible()  # the group-based license
    row.get_by_role("link", name="License Visio Plan 2").first.click()
    members = page.get_by_role("table", name="Members")
    expect(members).to_contain_text("through \u2068License Visio Plan 2\u2069")


def test_one_service_and_one_month_are_no_plurals(portal: Portal, system: System, api: Api) -> None:
    e1 = next(license_ for license_ in api.all("licenses") if license_["skuId"] == OFFICE_E1)
    off = [plan["servicePlanId"] for plan in e1["servicePlans"] if plan["displayName"] == "Sway"]
    team(system, "Single", {"licenses": [{"skuId": OFFICE_E1, "disabledPlans": off}]})
    group = system.control.group_named("Single")
    portal.open(f"groups/{group}")
    expect(portal.page.get_by_role("table", name="Members")).to_contain_text("direct, 1 service off")
    body = {"action": "assign", "groupIds": [group], "licenses": [{"skuId": OFFICE_E1}]}
    job = api.run({**body, "expiresIn": {"value": 1, "unit": "months"}, "dryRun": True})
    portal.open(f"impact/{job['id']}")
    expect(portal.page.get_by_text("1 month after the start")).to_be_visible()


def test_names_from_outside_are_only_text(portal: Portal, system: System) -> None:
    long = "N" * 256
    evil = '<img src=x onerror="document.title=1">'
    backwards = "Team \u202emoc.elpmaxe"
    users = system.control.seed(users=[{"displayName": name, "usageLocation": "DE"} for name in (evil, long)])
    system.control.seed(
        groups=[{"displayName": name, "members": users["userIds"]} for name in (evil, long, backwards)]
    )
    page = portal.page
    page.set_viewport_size({"width": 320, "height": 640})
    portal.open("groups?search=" + "N" * 20)
    page.locator("tbody input").first.check()
    portal.open("groups?search=%3Cimg")
    page.locator("tbody tr", has_text="document.title").get_by_role("checkbox").check()
    portal.open("assign")
    page.get_by_role("checkbox", name="Office 365 E1").check()
    portal.review()
    expect(page.get_by_role("table", name="Users of this job")).to_contain_text(evil)
    assert page.locator("img").count() == 0
    assert page.title() != "1"
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    row = page.locator("tbody tr", has_text="document.title").first
    row.get_by_role("button", name="Details").click()
    expect(page.get_by_role("dialog")).to_contain_text(evil)
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    portal.open("groups?search=Team")
    expect(page.locator("bdi", has_text="moc.elpmaxe").first).to_be_visible()  # its direction ends there
