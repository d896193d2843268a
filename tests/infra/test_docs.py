"""What the documents say exists, and what exists is in them."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from shared.jobs.messages import LANES
from shared.jobs.records import Phase
from shared.models import Action, GroupStatus, ItemStatus, JobStatus
from shared.planning import codes
from shared.storage.connection import EXPORT_CONTAINER, QUEUES, TABLES
from tests.infra.rules import ALERTS
from tests.infra.template import Template
from tests.support.process import ROOT

DOCS = [
    *sorted((ROOT / "docs").rglob("*.md")),
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
]
LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)")
PLACE = re.compile(
    r"`?((?:infra|docs|shared|handlers|tests|local|portal)/[\w./-]+\.(?:bicep|py|sh|ps1|kql|md|json|js))"
)
PLACEHOLDERS = {
    "shared/planning/suspend.py",
    "tests/unit/planning/test_suspend.py",
    "portal/js/views/suspend.js",
}
GRANT_ENDS = {
    codes.REMOVED,
    codes.REPLACED,
    codes.EXPIRED,
    codes.UNDONE,
    codes.MADE_PERMANENT,
    codes.ALREADY_GONE,
}


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def anchors(path: Path) -> set[str]:
    """The anchors of a file's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.M)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def commands(path: Path) -> list[str]:
    """The shell blocks of a document, with a word for each `<placeholder>`."""
    blocks = re.findall(r"```bash\n(.*?)```", path.read_text(encoding="utf-8"), re.S)
    return [re.sub(r"<[a-z][A-Za-z ]*>", "placeholder", block) for block in blocks]


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_what_it_points_at_is_there(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for target, anchor in LINK.findall(text):
        file = (path.parent / target).resolve() if target else path
        assert file.exists(), target
        assert not anchor or anchor in anchors(file), f"{target}#{anchor}"
    missing = {place for place in PLACE.findall(text) if not (ROOT / place).exists()}
    assert missing <= PLACEHOLDERS


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("docs/states.md", [*JobStatus, *Phase, *GroupStatus, *ItemStatus, *GRANT_ENDS]),
        ("docs/architecture.md", [*TABLES, *QUEUES, EXPORT_CONTAINER]),
        ("docs/privacy.md", [*(table for table in TABLES), EXPORT_CONTAINER, "JOB_RETENTION_DAYS"]),
        ("docs/glossary.md", [*(action for action in Action)]),
    ],
)
def test_it_leaves_nothing_out(name: str, words: list[str]) -> None:
    text = read(name)
    assert [word for word in words if not re.search(rf"\b{re.escape(word)}\b", text)] == []


def test_the_runbook_has_a_chapter_for_every_alert(template: Template) -> None:
    text = read("docs/runbook.md")
    assert [name for name in ALERTS if f"`{name}`" not in text] == []
    named = re.findall(
        r"displayName: 'License Management: ([a-z-]+)'", template.text("infra/app/alerts.bicep")
    )
    assert named
    assert [name for name in (*named, "unhealthy") if f"`{name}`" not in text] == []
    queries = {path.stem for path in (ROOT / "infra" / "queries").glob("*.kql")}
    assert set(re.findall(r"(?:^|; )query ([a-z-]+)", text, re.M)) <= queries
    assert [name for name in queries if name not in text] == []
    outputs = set(template.main["outputs"])
    assert set(re.findall(r"get-value ([A-Z_]+)", text + read("docs/permissions.md"))) <= outputs
    shell = "\n".join(commands(ROOT / "docs" / "runbook.md"))
    assert set(re.findall(r"\$\{?([A-Z_]{4,})", shell)) <= outputs


@pytest.mark.skipif(os.name == "nt", reason="its commands are for bash")
def test_the_commands_are_bash() -> None:
    for path in DOCS:
        script = "\n".join(commands(path))
        done = subprocess.run(
            ["bash", "-n"], input=script, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, f"{path}: {done.stderr}"


def test_the_number_of_lanes_is_right() -> None:
    assert LANES == 12
    assert "Twelve lanes" in read("docs/architecture.md")
    assert "Twelve messages" in read("docs/adr/0002-lanes.md")


def test_each_decision_is_numbered_once() -> None:
    numbers = [path.name[:4] for path in sorted((ROOT / "docs" / "adr").glob("*.md"))]
    assert numbers == [f"{number:04d}" for number in range(1, len(numbers) + 1)]


def test_no_document_holds_a_key() -> None:
    for path in DOCS:
        text = path.read_text(encoding="utf-8")
        assert not re.search(
            r"AccountKey=\w|DefaultEndpointsProtocol|sig=\w{8}|[A-Za-z0-9+/]{64,}==", text
        ), path
