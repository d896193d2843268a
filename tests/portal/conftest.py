"""A browser, a system with a signed-in administrator, and a page of the portal for each test."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, expect

from tests.conftest import SystemStarter
from tests.portal.browser import BrowserMissingError, launched
from tests.portal.pages import WIDE, Portal
from tests.support.api import Api
from tests.support.system import System

# The local host's sign-in pages are on, for being somebody else. The clocks are as fast as a person is patient:
# the browser needs the processors more.
SETTINGS = {
    "LOCAL_USER": "Admin (local);Licenses.Manage",
    "RETRY_SCHEDULE": "*/5 * * * * *",
    "EXPIRY_SCHEDULE": "*/2 * * * * *",
}
SLOWEST = 20_000  # milliseconds, on a machine that is busy with other tests
ZONE = "America/New_York"  # neither UTC nor whole days from it


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium; without one a test is skipped on a laptop and fails where `CI` is set."""
    expect.set_options(timeout=SLOWEST)
    with ExitStack() as stack:
        try:
            started = stack.enter_context(launched())
        except BrowserMissingError as missing:
            if os.environ.get("CI"):
                raise
            pytest.skip(str(missing))
        yield started


@pytest.fixture(scope="session")
def portal_system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """The system that all browser tests share."""
    with ExitStack() as stack:
        yield SystemStarter(tmp_path_factory, stack)(SETTINGS)


@pytest.fixture
def system(portal_system: System) -> System:
    """Nothing in storage, the default tenant."""
    portal_system.clean()
    return portal_system


@pytest.fixture
def api(system: System) -> Api:
    """The API as the person in the browser has it."""
    return system.api.as_principal(None)


@pytest.fixture
def portal(browser: Browser, system: System) -> Iterator[Portal]:
    """A page of the portal, signed in as the administrator. What the browser complains about fails the test."""
    context = browser.new_context(
        viewport={"width": WIDE["width"], "height": WIDE["height"]},
        timezone_id=ZONE,
        locale="en-US",
        reduced_motion="reduce",
    )
    context.set_default_timeout(SLOWEST)
    shown = Portal(context.new_page(), system.host.base_url)
    yield shown
    context.close()
    assert not shown.problems
