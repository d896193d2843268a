"""`dev.py setup`: from a fresh clone, again, and from what an interrupted run left."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from local.up.azurite import StoragePorts, command
from local.up.child import Child
from local.up.install import InstallError, install, is_complete
from local.up.toolchain import AZURITE_VERSION, Toolchain
from tests.dev.conftest import dev
from tests.support.process import ROOT

pytestmark = pytest.mark.xdist_group("checkout")  # one set-up for all

# Runs dev.py as another version of Python would: what counts is what it believes to run under.
AS_PYTHON_3_13 = """
import runpy, sys
sys.version_info, sys.version = (3, 13, 1, "final", 0), "3.13.1 (main)"
sys.argv = ["dev.py"]
runpy.run_path("dev.py", run_name="__main__")
"""


def test_two_at_once_set_up_a_fresh_checkout_once(
    checkout: Path, first_setups: list[subprocess.CompletedProcess[str]]
) -> None:
    """One installs, the other waits and finds everything there."""
    outputs = sorted(done.stdout for done in first_setups)
    assert [output.count("making .venv") for output in outputs] == [1, 0]
    assert "waiting for another dev.py" in outputs[1]
    assert is_complete(Toolchain(checkout))


def test_a_second_call_is_instant_and_silent(checkout: Path) -> None:
    """Nothing to install: no tool is even started."""
    started = time.monotonic()
    done = dev(checkout, "setup", env={"PATH": ""})
    assert (done.returncode, done.stdout) == (0, "")
    assert time.monotonic() - started < 3


def test_without_arguments_it_tells_its_commands() -> None:
    """And does nothing."""
    done = dev(ROOT)
    assert done.returncode == 0
    assert all(f"    {name} " in done.stdout for name in ("setup", "up", "check", "test"))


@pytest.fixture
def small(tmp_path: Path) -> Toolchain:
    """A checkout that pins no package, with a stand-in for Azurite: a venv is all there is to make."""
    for name in ("requirements.txt", "requirements-dev.txt"):
        (tmp_path / name).write_text("# nothing\n")
    toolchain = Toolchain(tmp_path)
    toolchain.azurite_script.parent.mkdir(parents=True)
    toolchain.azurite_script.write_text("")
    toolchain.stamp_azurite(sys.executable)
    return toolchain


def test_a_half_made_venv_is_made_anew(small: Toolchain) -> None:
    """What an interrupted run left has no stamp, whatever else is there."""
    leftover = small.venv / "lib" / "half"
    leftover.parent.mkdir(parents=True)
    leftover.write_text("")
    small.python.parent.mkdir(parents=True)
    small.python.write_text("no interpreter")
    assert install(small)
    assert not leftover.exists()
    assert subprocess.run([str(small.python), "-m", "pip", "--version"], check=False).returncode == 0
    assert not install(small)


def test_changed_requirements_are_installed_into_the_venv_that_is_there(small: Toolchain) -> None:
    """No need to make it anew; and if that fails, the next call tries again."""
    install(small)
    kept = small.venv / "kept"
    kept.write_text("")
    (small.root / "requirements-dev.txt").write_text("-r requirements.txt\n# another\n")
    assert install(small)
    assert kept.exists()

    (small.root / "requirements.txt").write_text("no such requirement!\n")
    with pytest.raises(
        InstallError, match=r"installing requirements-dev.txt failed \(exit code 1\):\n.*no such"
    ):
        install(small)
    assert not is_complete(small)


@pytest.mark.azurite
def test_azurite_comes_with_its_own_node_where_none_is_installed(checkout: Path) -> None:
    """The version of Azurite is the pinned one, and it runs."""
    toolchain = Toolchain(checkout)
    toolchain.azurite_stamp.unlink()
    shutil.rmtree(toolchain.node_modules / "azurite" / "dist")
    done = dev(checkout, "setup", env={"PATH": ""})
    assert done.returncode == 0, done.stdout
    installed = toolchain.azurite()
    assert installed is not None
    assert Path(installed[0]).is_relative_to(toolchain.tools)
    version = subprocess.run([*installed, "--version"], stdout=subprocess.PIPE, text=True, check=False)
    assert version.stdout.strip() == AZURITE_VERSION
    ports = StoragePorts.free()
    azurite = Child("azurite", command(installed, ports, None, log_requests=False))
    azurite.wait_until(ports.answer, 30)
    azurite.end()


@pytest.mark.skipif(os.name == "nt", reason="there the launcher `py` finds the other Python")
def test_another_python_hands_over_or_says_so(tmp_path: Path) -> None:
    """Under a Python 3.11 from the PATH, passing over one that does not run; without any, one line."""

    def run(path: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", AS_PYTHON_3_13],
            cwd=ROOT, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False,
        )  # fmt: skip

    none = run("")
    assert none.returncode == 1
    assert none.stderr == "dev.py needs Python 3.11: this is 3.13.1, and no other was found.\n"

    broken, good = tmp_path / "broken", tmp_path / "good"
    broken.mkdir()
    (broken / "python3.11").write_text("#!/bin/sh\nexit 127\n")
    (broken / "python3.11").chmod(0o755)
    good.mkdir()
    (good / "python3.11").symlink_to(sys.executable)
    found = run(f"{broken}{os.pathsep}{good}")
    assert (found.returncode, found.stderr) == (0, "")
    assert "usage: dev.py" in found.stdout
