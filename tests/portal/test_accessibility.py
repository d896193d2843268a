"""Every view: no violation of axe's rules in light and dark, room at 320 px, and a picture for people to look at.

The pictures are left in `.local/screenshots`, which git ignores.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.portal import axe
from tests.portal.conftest import ZONE
from tests.portal.pages import NARROW, WIDE, Portal
from tests.portal.tenant import Populated, populate
from tests.support.process import ROOT
from tests.support.system import System

pytestmark = pytest.mark.system

PICTURES = ROOT / ".local" / "screenshots"


@pytest.fixture(scope="module")
def populated(portal_system: System) -> Populated:
    """A tenant in which every view has something to show."""
    portal_system.clean()
    return populate(portal_system.api.as_principal(None), portal_system.control, "Sales Asia", "Committee A")


@pytest.fixture(scope="module")
def shown(browser: Browser, portal_system: System, populated: Populated) -> Iterator[Portal]:
    """One page for all views, with two groups selected."""
    context = browser.new_context(timezone_id=ZONE, locale="en-US", reduced_motion="reduce")
    portal = Portal(context.new_page(), portal_system.host.base_url)
    portal.open("groups?search=Sales")
    for box in portal.page.locator("tbody input").all()[:2]:
        box.check()
    yield portal
    context.close()
    assert not portal.problems


def views(populated: Populated) -> dict[str, str]:
    return {
        "home": "",
        "groups": "groups",
        "group": f"groups/{populated.group}?name=Sales%20Asia",
        "assign": "assign",
        "remove": "remove",
        "replace": "replace",
        "export": "export",
        "impact": f"impact/{populated.review}",
        "impact-short": f"impact/{populated.short_review}",
        "jobs": "jobs",
        "job": f"jobs/{populated.job}?status=failed",
        "job-export": f"jobs/{populated.export}",
        "temporary": "temporary",
        "licenses": "licenses",
        "not-found": "no-such-view",
    }


def picture(page: Page, name: str) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"{name}.png", full_page=True)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_view_breaks_a_rule_of_axe(
    shown: Portal, populated: Populated, theme: Literal["light", "dark"]
) -> None:
    page = shown.page
    page.set_viewport_size({"width": WIDE["width"], "height": WIDE["height"]})
    page.emulate_media(color_scheme=theme)
    found = {}
    titles = set()
    for name, address in views(populated).items():
        shown.open(address)
        picture(page, f"{name}-{theme}")
        titles.add(page.title())
        # In the dark only the colors are others.
        if problems := axe.violations(page, only=axe.CONTRAST if theme == "dark" else None):
            found[name] = problems
    assert not found
    assert len(titles) > len(views(populated)) - 3, "every view has a title of its own"


def test_every_view_fits_into_320_pixels(shown: Portal, populated: Populated) -> None:
    page = shown.page
    page.set_viewport_size({"width": NARROW["width"], "height": NARROW["height"]})
    page.emulate_media(color_scheme="light")
    too_wide = {}
    found = {}
    for name, address in views(populated).items():
        shown.open(address)
        picture(page, f"{name}-narrow")
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > NARROW["width"]:
            too_wide[name] = width
        if problems := axe.violations(page, without=axe.CONTRAST):  # the colors are those of a wide page
            found[name] = problems
    assert not too_wide
    assert not found


def test_tables_fit_between_narrow_and_wide(shown: Portal, populated: Populated) -> None:
    page = shown.page
    addresses = views(populated)
    too_wide = []
    for name in ("groups", "group", "impact", "jobs", "job", "temporary"):
        shown.open(addresses[name])
        for width in (640, 900, 1024, 1180, 1280):
            page.set_viewport_size({"width": width, "height": WIDE["height"]})
            if page.evaluate("document.documentElement.scrollWidth") > width:
                too_wide.append((name, width))
            # Nor may it stick out of the content into the margin.
            if page.evaluate(
                "document.querySelector('.table').getBoundingClientRect().right"
                " > document.querySelector('main h1').parentElement.getBoundingClientRect().right + 1"
            ):
                too_wide.append((name, width))
    assert not too_wide


def test_dialogs_and_open_parts_break_no_rule(shown: Portal, populated: Populated) -> None:
    page = shown.page
    page.set_viewport_size({"width": WIDE["width"], "height": WIDE["height"]})
    themes: tuple[Literal["light", "dark"], ...] = ("light", "dark")
    for theme in themes:
        page.emulate_media(color_scheme=theme)
        shown.open("assign")
        page.locator(".card", has_text="ENTERPRISEPACK").get_by_role("checkbox").first.set_checked(True)
        page.get_by_label("Choose the services of this license").set_checked(True)
        page.get_by_label("Temporary: take the license back").set_checked(True)
        page.get_by_label("Usage location").select_option("DE")
        picture(page, f"assign-filled-{theme}")
        assert not axe.violations(page)

        shown.open(f"impact/{populated.removal_review}")
        shown.button("Remove").click()
        picture(page, f"confirm-{theme}")
        assert not axe.violations(page)

        shown.open("temporary")
        page.get_by_role("table", name="Temporary licenses").locator("tbody input").first.check()
        shown.button("Extend").click()
        picture(page, f"extend-{theme}")
        assert not axe.violations(page)


def test_a_confirmation_is_read_and_answered_at_400_percent(shown: Portal, populated: Populated) -> None:
    """A window of 1280 by 1024 pixels shows 320 by 256 of them then."""
    page = shown.page
    page.set_viewport_size({"width": 320, "height": 256})
    shown.open(f"impact/{populated.removal_review}")
    shown.button("Remove").click()
    dialog = page.get_by_role("dialog")
    heading, cancel = dialog.get_by_role("heading"), dialog.get_by_role("button", name="Cancel")
    expect(cancel).to_be_focused()
    expect(cancel).to_be_in_viewport(ratio=1)
    heading.scroll_into_view_if_needed()
    expect(heading).to_be_in_viewport(ratio=1)
    picture(page, "confirm-zoomed")
    assert dialog.evaluate("(element) => element.scrollWidth <= element.clientWidth")


def test_forced_colors_keep_everything_in_sight(shown: Portal, populated: Populated) -> None:
    page = shown.page
    page.set_viewport_size({"width": WIDE["width"], "height": WIDE["height"]})
    page.emulate_media(forced_colors="active")
    for name in ("jobs", "licenses", "temporary"):
        shown.open(name)
        picture(page, f"{name}-forced-colors")
        assert not axe.violations(page)
    shown.open("licenses")
    expect(page.locator(".bar").first).to_be_visible()
    colors = page.evaluate(
        """["bar-direct", "bar-inherited", "bar-temporary", "bar-ground"].map(
            (kind) => getComputedStyle(document.querySelector("." + kind)).fill)"""
    )
    assert len(set(colors)) == 4, "the parts of a bar can be told apart"
    page.emulate_media(forced_colors="none")
