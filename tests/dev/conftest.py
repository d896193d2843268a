"""A checkout of its own for the tests of dev.py, since they install, break and empty things."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.support.process import ROOT


def dev(
    checkout: Path, *arguments: str, env: Mapping[str, str] | None = None, seconds: float = 280
) -> subprocess.CompletedProcess[str]:
    """Run `dev.py` there to its end."""
    return subprocess.run(
        [sys.executable, "dev.py", *arguments],
        cwd=checkout,
        env={**os.environ, **(env or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=seconds,
        check=False,
    )


@pytest.fixture(scope="session")
def fresh_checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that git knows or would take, and none that it ignores, as a clone has them."""
    folder = tmp_path_factory.mktemp("checkout")
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    for name in filter(None, listing.stdout.split("\0")):
        if (ROOT / name).is_file():  # one that was deleted and not committed yet is listed too
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    return folder


@pytest.fixture(scope="session")
def first_setups(fresh_checkout: Path) -> list[subprocess.CompletedProcess[str]]:
    """How two `dev.py setup`, started at once in the fresh checkout, ended."""
    command = [sys.executable, "dev.py", "setup"]
    both = [
        subprocess.Popen(
            command, cwd=fresh_checkout, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        for _ in range(2)
    ]
    outputs = [process.communicate(timeout=280)[0] for process in both]
    return [
        subprocess.CompletedProcess(command, process.returncode, output)
        for process, output in zip(both, outputs, strict=True)
    ]


@pytest.fixture(scope="session")
def checkout(fresh_checkout: Path, first_setups: list[subprocess.CompletedProcess[str]]) -> Path:
    """A checkout that is set up."""
    assert [done.returncode for done in first_setups] == [0, 0], first_setups
    return fresh_checkout
