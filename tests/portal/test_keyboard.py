"""The portal without a mouse."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.portal.pages import Portal
from tests.portal.test_changes import OFFICE_E1, team, written
from tests.support.system import System

pytestmark = pytest.mark.system


def test_the_toolbar_is_one_stop_with_arrow_keys_and_explains_itself(portal: Portal) -> None:
    portal.open("groups")
    page = portal.page
    portal.button("Assign Licenses").focus()
    page.keyboard.press("ArrowRight")
    expect(portal.button("Remove Licenses")).to_be_focused()
    page.keyboard.press("End")
    expect(portal.button("Export Results")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(portal.button("Assign Licenses")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".explanation")).to_have_text("Select one or more groups first.")
    assert page.url.endswith("#/groups")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Search groups")).to_be_focused()


def test_licenses_are_removed_by_keyboard_alone(portal: Portal, system: System) -> None:
    (user,) = team(
        system,
        "Keyboard",
        {"displayName": "Kay", "usageLocation": "DE", "licenses": [{"skuId": OFFICE_E1}]},
    )
    portal.open()
    page = portal.page
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()

    page.get_by_role("navigation", name="Main").get_by_role("link", name="Groups").press("Enter")
    expect(portal.heading("Groups")).to_be_focused()
    assert page.title().startswith("Groups "), "the title is set before the focus moves"
    page.get_by_label("Search groups").press_sequentially("Keyboard")
    portal.group("Keyboard").press("Space")
    portal.button("Assign Licenses").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(portal.heading("Remove Licenses")).to_be_focused()

    portal.button("Review impact").press("Enter")
    problem = page.get_by_role("alert")
    expect(problem).to_be_focused()
    expect(problem).to_have_text("Select at least one license to remove.")
    page.get_by_role("checkbox", name="Office 365 E1").press("Space")
    page.get_by_label("Note").press("Enter")  # sends the form
    expect(page.locator(".tiles")).to_be_visible()
    opener = portal.button("Remove")
    opener.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    for _ in range(3):
        page.keyboard.press("Tab")
    assert page.evaluate(
        "document.activeElement === document.body || !!document.activeElement.closest('dialog')"
    )
    page.keyboard.press("Escape")
    expect(opener).to_be_focused()
    opener.press("Enter")
    page.keyboard.press("Tab")
    expect(dialog.get_by_role("button", name="Remove")).to_be_focused()
    page.keyboard.press("Enter")
    portal.expect_end("Finished")
    assert [change["userId"] for change in written(system)] == [user]


def test_a_refresh_keeps_the_focus_and_can_be_paused(portal: Portal, system: System) -> None:
    page = portal.page
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/api/jobs?" in request.url else None)
    page.clock.install()
    portal.open("jobs?status=Finished")
    status = page.get_by_label("Status")
    status.focus()
    with page.expect_response("**/api/jobs?*"):
        page.clock.run_for(16_000)
    expect(status).to_be_focused()

    pause = portal.button("Pause auto-refresh")
    pause.press("Enter")
    expect(pause).to_have_attribute("aria-pressed", "true")
    seen = len(asked)
    page.clock.run_for(120_000)
    assert len(asked) == seen, "it is paused"
    with page.expect_response("**/api/jobs?*"):
        portal.button("Refresh").press("Enter")
    expect(portal.button("Refresh")).to_be_focused()
    with page.expect_response("**/api/jobs?*"):
        pause.press("Enter")
        page.clock.run_for(16_000)
