"""The layers, held by reading the imports.

function_app -> handlers -> shared        local and tests may know all of it, and none of it knows them
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PURE = (
    "shared/planning",
    "shared/calendar.py",
    "shared/retry.py",
    "shared/models.py",
    "shared/jobs/items.py",
)
"""Deciding apart from doing: no I/O, no clock of its own, nothing of Azure."""
IO = {"azure", "requests", "msal", "openpyxl", "threading", "socket", "os", "shared.graph", "shared.storage"}


def modules(*folders: str) -> list[Path]:
    found: list[Path] = []
    for folder in folders:
        path = ROOT / folder
        found += [path] if path.is_file() else sorted(path.rglob("*.py"))
    return found


def imports(module: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def known(module: Path, names: set[str]) -> set[str]:
    return {
        found for found in imports(module) for name in names if found == name or found.startswith(f"{name}.")
    }


@pytest.mark.parametrize("module", modules("shared"), ids=str)
def test_the_domain_knows_no_functions_and_no_handlers(module: Path) -> None:
    assert not known(module, {"azure.functions", "handlers", "function_app", "local", "tests"})


@pytest.mark.parametrize("module", modules("handlers", "function_app.py"), ids=str)
def test_the_edges_know_no_tools_of_development(module: Path) -> None:
    assert not known(module, {"local", "tests"})


@pytest.mark.parametrize("module", modules("local"), ids=str)
def test_what_replaces_azure_and_graph_knows_nothing_of_the_app(module: Path) -> None:
    assert not known(module, {"shared", "handlers", "function_app", "tests"})


@pytest.mark.parametrize("module", modules(*PURE), ids=str)
def test_deciding_is_apart_from_doing(module: Path) -> None:
    assert not known(module, IO)


def test_function_app_only_binds() -> None:
    tree = ast.parse((ROOT / "function_app.py").read_text(encoding="utf-8"))
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    assert functions
    for function in functions:
        assert len(function.body) == 1, f"{function.name} does more than hand over"


def test_every_pinned_runtime_package_is_used() -> None:
    wanted = {
        "azure-functions": "azure.functions",
        "azure-data-tables": "azure.data.tables",
        "azure-identity": "azure.identity",
        "azure-storage-blob": "azure.storage.blob",
        "azure-storage-queue": "azure.storage.queue",
    }
    used = {name for module in modules("shared", "handlers", "function_app.py") for name in imports(module)}
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    for line in lines:
        if line and not line.startswith("#"):
            package, _, version = line.partition("==")
            module = wanted.get(package, package)
            assert version, f"{package} is not pinned"
            assert any(name == module or name.startswith(f"{module}.") for name in used), package
