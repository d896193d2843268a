"""The queries look for what the code and the host really write."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.process import ROOT

QUERIES = sorted((ROOT / "infra" / "queries").glob("*.kql"))
HOST_LINES = ("Trigger Details: MessageId: ", "DequeueCount: ", ", InsertionTime: ")
"""What the Functions host writes when a queue function begins: `Trigger Details: MessageId: …, DequeueCount: …,
InsertionTime: …` (azure-sdk-for-net, Microsoft.Azure.WebJobs.Extensions.Storage.Queues, QueueTriggerBinding)."""
TABLES = {"AppTraces", "AppRequests", "AppExceptions"}


def code_texts() -> Iterator[str]:
    """Every literal text of the app, joined as Python joins it."""
    for folder in ("shared", "handlers"):
        for path in (ROOT / folder).rglob("*.py"):
            yield from literals(path)
    yield from literals(ROOT / "function_app.py")


def literals(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def wanted(query: Path) -> list[str]:
    """The texts that a query compares with or cuts at, without comments."""
    text = re.sub(r"//.*", "", query.read_text(encoding="utf-8"))
    return [found for found in re.findall(r'"([^"]*)"', text) if len(found) > 3]


@pytest.mark.parametrize("query", QUERIES, ids=lambda path: path.stem)
def test_the_code_writes_what_it_looks_for(query: Path) -> None:
    texts = [*code_texts(), *HOST_LINES]
    missing = [want for want in wanted(query) if not any(want in text for text in texts)]
    assert missing == []
    assert wanted(query)


@pytest.mark.parametrize("query", QUERIES, ids=lambda path: path.stem)
def test_it_reads_a_table_of_application_insights(query: Path) -> None:
    lines = [line.strip() for line in query.read_text(encoding="utf-8").splitlines() if line.strip()]
    assert lines[0].startswith("// ")
    assert {name for name in TABLES if re.search(rf"\b{name}\b", "\n".join(lines[1:]))}


def test_a_query_for_another_text_would_be_noticed() -> None:
    texts = [*code_texts(), *HOST_LINES]
    assert not any("could not be dealt with" in text for text in texts)
