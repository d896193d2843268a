"""The deployment as it is, parsed once a run."""

import shutil
from pathlib import Path

import pytest

from tests.infra import checkov
from tests.infra.template import Template
from tests.support.process import ROOT

FILES = ("azure.yaml", "host.json", "docs/permissions.md")


INSTALL_SECONDS = 900
"""The first of these tests may have to install checkov, which takes longer than the usual limit on a slow line."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "parser" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.timeout(INSTALL_SECONDS))


@pytest.fixture(scope="session")
def parser() -> None:
    """checkov and its parser are there."""
    checkov.install()


@pytest.fixture(scope="session")
def template(parser: None, tmp_path_factory: pytest.TempPathFactory) -> Template:
    return Template.read(copy(tmp_path_factory.mktemp("template")))


def copy(folder: Path) -> Path:
    """What the rules read, in a folder of its own."""
    shutil.copytree(ROOT / "infra", folder / "infra")
    for name in FILES:
        target = folder / name
        target.parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, target)
    return folder
