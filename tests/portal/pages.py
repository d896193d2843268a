"""What the tests do in the portal, in the words of those who use it."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

WIDE = {"width": 1280, "height": 900}
NARROW = {"width": 320, "height": 640}


class Portal:
    """A page of the portal; `problems` collects what the browser complained about."""

    def __init__(self, page: Page, base_url: str) -> None:
        self.page = page
        self.base_url = base_url
        self.problems: list[str] = []
        page.on("pageerror", lambda error: self.problems.append(f"error: {error}"))
        page.on(
            "console",
            lambda line: self.problems.append(line.text) if line.type in ("error", "warning") else None,
        )

    def open(self, address: str = "") -> None:
        """Show a view by the part of its address after `#/`, and wait until it has loaded."""
        self.page.goto(f"{self.base_url}/portal/#/{address}")
        self.settle()

    def settle(self) -> None:
        """Wait until nothing is loading."""
        expect(self.page.locator("h1")).to_be_visible()
        expect(self.page.locator(".loading, [aria-busy=true]")).to_have_count(0)

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    def heading(self, name: str | re.Pattern[str]) -> Locator:
        return self.page.get_by_role("heading", name=name)

    def choose(self, *groups: str) -> None:
        """Select groups by name, each after a search for it."""
        self.open("groups")
        for name in groups:
            self.page.get_by_label("Search groups").fill(name)
            self.group(name).check()

    def group(self, name: str) -> Locator:
        """The box that selects a group."""
        return self.page.get_by_role("checkbox", name=f"Select \u2068{name}\u2069", exact=True)

    def review(self) -> None:
        """Ask for the impact and wait for it."""
        self.button("Review impact").click()
        expect(self.page.locator(".tiles")).to_be_visible()
        self.settle()

    def figure(self, text: str) -> str:
        """A figure of the impact, such as that of "Will be changed"."""
        tile = self.page.locator(".tile", has=self.page.get_by_text(text, exact=True))
        return tile.locator(".tile-value").inner_text()

    def expect_end(self, status: str) -> str:
        """Wait until the job that is shown has ended so, and return its id."""
        expect(self.page.locator(".job-head .status")).to_have_text(status, timeout=30_000)
        self.settle()
        return self.page.url.split("#/jobs/")[1].split("?")[0]
