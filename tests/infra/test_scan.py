"""checkov's rules for Bicep: no finding that is not explained where it is found, and no explanation without one."""

import re
import shutil
from pathlib import Path

import pytest

from tests.infra import checkov
from tests.infra.bicep_text import without_extensions
from tests.infra.conftest import copy

SKIP = re.compile(r"// checkov:skip=(\w+): (.{20,})")


@pytest.fixture
def folder(parser: None, tmp_path: Path) -> Path:
    """A copy that checkov can parse."""
    copy(tmp_path)
    for path in (tmp_path / "infra").rglob("*.bicep"):
        path.write_text(without_extensions(path.read_text(encoding="utf-8")), encoding="utf-8")
    return tmp_path / "infra"


def test_nothing_is_found_that_is_not_explained(folder: Path) -> None:
    results = checkov.scan(folder)
    assert [(check["check_id"], check["resource"]) for check in results["failed_checks"]] == []
    assert results["parsing_errors"] == []
    assert len(results["passed_checks"]) > 20
    used = {(check["file_path"], check["check_id"]) for check in results["skipped_checks"]}
    written = {
        ("/" + path.relative_to(folder).as_posix(), rule)
        for path in folder.rglob("*.bicep")
        for rule, _reason in SKIP.findall(path.read_text(encoding="utf-8"))
    }
    assert used == written


def test_what_is_wrong_is_found(folder: Path) -> None:
    for path in folder.rglob("*.bicep"):
        if path.name != "storage.bicep":
            path.unlink()
    shutil.rmtree(folder / "directory")
    file = folder / "app" / "storage.bicep"
    text = file.read_text(encoding="utf-8")
    text = text.replace("minimumTlsVersion: 'TLS1_2'", "minimumTlsVersion: 'TLS1_0'")
    file.write_text(re.sub(r" *// checkov:skip=CKV_AZURE_35.*\n", "", text), encoding="utf-8")
    found = {check["check_id"] for check in checkov.scan(folder)["failed_checks"]}
    assert found == {"CKV_AZURE_35", "CKV_AZURE_44"}
