"""Microsoft's own compiler, where it is installed: types, properties and API versions that no other check knows.

It fetches the types of the Microsoft Graph extension from Microsoft's registry.
"""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.process import ROOT


def compiler() -> list[str] | None:
    """The command that prints a Bicep file as an ARM template."""
    if shutil.which("bicep"):
        return ["bicep", "build", "--stdout"]
    az = shutil.which("az")
    if az and subprocess.run([az, "bicep", "version"], capture_output=True, check=False).returncode == 0:
        return [az, "bicep", "build", "--stdout", "--file"]
    return None


@pytest.mark.parametrize(
    "name", ["main.bicep", "directory/registration.bicep", "directory/graph-roles.bicep"]
)
def test_it_compiles(name: str, tmp_path: Path) -> None:
    command = compiler()
    if command is None:
        pytest.skip("neither `bicep` nor an `az` with the Bicep CLI is on the PATH")
    shutil.copytree(ROOT / "infra", tmp_path / "infra")
    done = subprocess.run(
        [*command, str(tmp_path / "infra" / name)], capture_output=True, text=True, timeout=250, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "resources" in json.loads(done.stdout)
