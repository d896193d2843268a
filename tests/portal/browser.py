"""A Chromium for the tests: one that is there, else Debian's, else Playwright's own.

`python -m tests.portal.browser` installs it where it is missing and prints where it is.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Error, Playwright, sync_playwright

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
ARGUMENTS = (
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_INSTALL_SECONDS = 600


class BrowserMissingError(Exception):
    """There is no Chromium, and none could be installed."""


def program() -> str | None:
    """The browser of this machine; `CHROMIUM` names one that is not on the PATH."""
    named = os.environ.get("CHROMIUM")
    return named or next((found for name in PROGRAMS if (found := shutil.which(name))), None)


def install() -> str | None:
    """Install one: Debian's package where that can be, else Playwright's, which only Playwright can find (None).

    Raises:
        BrowserMissingError: neither could be installed.
    """
    failures = []
    if _is_root() and shutil.which("apt-get"):
        commands = (["apt-get", "update"], ["apt-get", "install", "-y", "chromium", "fonts-liberation"])
        failures = [text for command in commands if (text := _run(command))]
        if found := program():
            return found
    if text := _run([sys.executable, "-m", "playwright", "install", "chromium"]):
        raise BrowserMissingError("; ".join(["no Chromium could be installed", *failures, text]))
    return None


@contextmanager
def launched() -> Iterator[Browser]:
    """A running browser.

    Raises:
        BrowserMissingError: there is none to be had.
    """
    with sync_playwright() as playwright:
        browser = _launch(playwright)
        try:
            yield browser
        finally:
            browser.close()


def _launch(playwright: Playwright) -> Browser:
    # In a container everything runs as root, where Chromium has no sandbox.
    arguments = [*ARGUMENTS, *(["--no-sandbox"] if _is_root() else [])]
    found = program()
    if found is None:
        try:
            return playwright.chromium.launch(args=arguments)  # one that Playwright installed before
        except Error:
            found = install()
    if found is None:
        return playwright.chromium.launch(args=arguments)
    return playwright.chromium.launch(executable_path=found, args=["--headless=new", *arguments])


def _run(command: list[str]) -> str | None:
    """Why the command failed, None if it did not."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_INSTALL_SECONDS, env=environment, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{' '.join(command)}: {error}"
    return f"{' '.join(command)}: {(done.stderr or done.stdout).strip()[-300:]}" if done.returncode else None


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


if __name__ == "__main__":
    print(program() or install() or "installed by Playwright")
