"""Temporary licenses in the portal: what expires when; extend, end, make permanent."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Route, expect

from tests.portal.conftest import ZONE
from tests.portal.pages import Portal
from tests.portal.test_changes import OFFICE_E1, held_by, team
from tests.support.api import Api
from tests.support.eventually import eventually
from tests.support.graph import Json
from tests.support.system import System
from tests.system.tenants import POWER_BI

pytestmark = pytest.mark.system


@pytest.fixture
def granted(system: System, api: Api) -> list[str]:
    """Three users with a license for three days."""
    people = [{"displayName": f"Temp {number}", "usageLocation": "DE"} for number in (1, 2, 3)]
    ids = team(system, "Temps", *people)
    group = next(found["id"] for found in system.control.groups() if found["displayName"] == "Temps")
    body = {"action": "assign", "groupIds": [group], "licenses": [{"skuId": OFFICE_E1}]}
    api.run({**body, "expiresIn": {"value": 3, "unit": "days"}}, status="Finished")
    return ids


def grant_of(api: Api, user_id: str, status: str = "running") -> Json | None:
    return next(iter(api.grants(userId=user_id, status=status)), None)


def test_the_calendar_leads_to_what_expires_on_a_day(portal: Portal, granted: list[str], api: Api) -> None:
    portal.open("temporary")
    page = portal.page
    day = datetime.fromisoformat(api.grants()[0]["expiresAt"]).astimezone(ZoneInfo(ZONE))
    if day.month != datetime.now(ZoneInfo(ZONE)).month:
        page.get_by_role("button", name="Next month").click()
    page.get_by_role("button", name=f"{day:%B} {day.day}, {day.year}: 3 licenses expire").click()
    expect(portal.heading(f"Expires on {day:%b} {day.day}, {day.year}")).to_be_visible()
    rows = page.get_by_role("table", name="Temporary licenses").locator("tbody tr")
    expect(rows).to_have_count(len(granted))
    expect(rows.first.locator("time").first).to_have_attribute(
        "title", f"{day.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    )
    rows.first.get_by_role("button", name="History of").click()
    expect(page.get_by_role("dialog")).to_contain_text("Granted, until")


def test_a_day_is_shown_whole_wherever_its_licenses_lie(portal: Portal, granted: list[str], api: Api) -> None:
    page = portal.page

    def one_a_page(route: Route) -> None:
        route.continue_(url=re.sub("pageSize=[0-9]+", "pageSize=1", route.request.url))

    page.route("**/api/temporary-licenses?*", one_a_page)
    day = datetime.fromisoformat(api.grants()[0]["expiresAt"]).astimezone(ZoneInfo(ZONE))
    portal.open(f"temporary?day={day:%Y-%m-%d}")
    expect(page.get_by_role("table", name="Temporary licenses").locator("tbody tr")).to_have_count(
        len(granted)
    )


def test_grants_are_extended_made_permanent_and_ended(
    portal: Portal, granted: list[str], system: System, api: Api
) -> None:
    first, second, third = granted
    portal.open("temporary")
    page = portal.page
    expect(portal.button("Extend")).to_be_disabled()

    def pick(name: str) -> None:
        page.get_by_role("checkbox", name=f"Select Office 365 E1 of \u2068{name}\u2069").check()

    pick("Temp 1")
    portal.button("Extend").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("License will expire in", exact=True).fill("2")
    dialog.get_by_role("button", name="Extend").click()
    expect(page.get_by_text("1 temporary license has a new expiry.")).to_be_visible()
    grant = grant_of(api, first)
    assert grant is not None
    assert datetime.fromisoformat(grant["expiresAt"]) > datetime.now(UTC) + timedelta(days=58)

    pick("Temp 2")
    portal.button("Make permanent").click()
    dialog.get_by_role("button", name="Make permanent").click()
    expect(page.get_by_text("1 temporary license is permanent.")).to_be_visible()
    assert grant_of(api, second) is None

    pick("Temp 3")
    portal.button("End now").click()
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    dialog.get_by_role("button", name="End now").click()
    expect(page.get_by_text("1 temporary license ends at the next sweep.")).to_be_visible()
    eventually(lambda: not held_by(system, third), what="the sweep")
    assert held_by(system, first) == held_by(system, second) == {OFFICE_E1}


def test_subscriptions_tell_what_of_them_is_temporary(portal: Portal, granted: list[str]) -> None:
    portal.open("licenses")
    card = portal.page.locator(".subscription", has_text="STANDARDPACK")
    expect(card).to_contain_text(f"{len(granted)} temporary")
    card.get_by_role("link", name="3 assignments expire within 4 weeks").click()
    expect(portal.page.get_by_label("License", exact=True)).to_have_value(OFFICE_E1)
    portal.open()
    expect(portal.page.get_by_label("Expires within 7 days")).to_contain_text("Temp 1")


def test_subscriptions_tell_who_holds_them_directly_and_by_a_group(portal: Portal, system: System) -> None:
    system.control.reset("empty")
    system.control.seed(skus=[{"skuPartNumber": "POWER_BI_PRO", "enabled": 10}])
    power_bi = [{"skuId": POWER_BI}]
    holder, nobody = {"usageLocation": "DE", "licenses": power_bi}, {"usageLocation": "DE"}
    ids = team(system, "Analysts", holder, holder, nobody, nobody)
    system.control.seed(
        groups=[{"displayName": "By group", "members": ids[1:], "assignedLicenses": power_bi}]
    )
    portal.open("licenses")
    card = portal.page.locator(".subscription", has_text="POWER_BI_PRO")
    expect(card).to_contain_text("4 of 10 assigned (2 direct, 2 inherited); 6 available")
    system.control.patch_user(ids[0], licenses=[])
    portal.button("Refresh").click()
    expect(card).to_contain_text("3 of 10 assigned (1 direct, 2 inherited); 7 available")


def test_a_large_tenant_is_counted_when_asked_for(portal: Portal, system: System) -> None:
    system.control.reset("empty")
    system.control.seed(
        skus=[{"skuPartNumber": "POWER_BI_PRO", "enabled": 30_000}],
        bulk=[{"displayName": "All", "users": 20_001, "licenses": [{"skuId": POWER_BI}]}],
    )
    portal.open("licenses")
    card = portal.page.locator(".subscription", has_text="POWER_BI_PRO")
    expect(card).to_contain_text("20,001 of 30,000 assigned; 9,999 available")
    portal.button("Count direct and inherited").click()
    expect(card).to_contain_text("20,001 of 30,000 assigned (20,001 direct); 9,999 available")
