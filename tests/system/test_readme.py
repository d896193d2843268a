"""The README's examples, run as they stand there."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import SystemStarter
from tests.support.eventually import eventually
from tests.support.system import System

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
ADDRESS = "http://127.0.0.1:7071"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def local_system(start_system: SystemStarter) -> System:
    """As `dev.py up` brings it up: somebody is signed in, and the default tenant is there."""
    return start_system({"WEBSITE_AUTH_ENABLED": None, "LOCAL_USER": "Admin (local);Licenses.Manage"})


def blocks(language: str) -> list[str]:
    return [text for found, text in BLOCK.findall(README) if found == language]


def run(script: str, system: System) -> Any:
    """The last line of what the script prints, as JSON."""
    script = script.replace(ADDRESS, system.host.base_url)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def contains(whole: Any, part: Any) -> bool:
    """Whether every member of `part` is in `whole` with the same value."""
    if isinstance(part, dict):
        return all(name in whole and contains(whole[name], value) for name, value in part.items())
    if isinstance(part, list):
        return len(whole) == len(part) and all(map(contains, whole, part))
    return bool(whole == part)


def test_the_first_job_does_what_the_readme_shows(local_system: System) -> None:
    submit, look, carry_out = blocks("bash")
    dry_run = run(submit, local_system)
    assert dry_run["status"] == "Waiting"
    listed = eventually(
        lambda: run(look, local_system),
        lambda answer: answer["value"][0]["status"] == "Finished",
        within=60,
        what="the end of the dry run",
    )
    (shown,) = [json.loads(text) for text in blocks("json")]
    assert contains(listed, shown), f"the README shows {shown}, the app answers {listed}"
    planned = run(carry_out, local_system)
    assert planned["plan"] == dry_run["id"]
    items = {"changed": 0, "unchanged": 0}
    done = eventually(
        lambda: run(f"curl -sS {ADDRESS}/api/jobs/{planned['id']}", local_system),
        lambda job: job["status"] == "Finished",
        within=60,
        what="the end of the job",
    )
    assert contains(done["counts"], {"failed": 0}), items
    assert done["counts"]["changed"] == listed["value"][0]["counts"]["changed"] > 0


def test_every_setting_is_in_the_readme() -> None:
    from shared.config import SETTINGS

    named = set(re.findall(r"`([A-Za-z_]+)`", README))
    short = {name.removeprefix("AzureWebJobsStorage") for name in SETTINGS if "__" in name}
    assert {name for name in SETTINGS if "__" not in name} <= named
    assert short <= named | {"__accountName"}


@pytest.mark.parametrize("path", re.findall(r"\]\(([^)#h][^)#]*)", README))
def test_every_link_leads_somewhere(path: str) -> None:
    assert (ROOT / path).exists(), path


def test_commands_are_those_of_dev() -> None:
    assert [text.strip() for text in blocks("sh")] == ["python3 dev.py up", "python3 dev.py test"]
