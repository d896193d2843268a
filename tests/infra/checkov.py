"""checkov, with its Bicep parser, in an environment of its own: it pins packages that the app pins otherwise."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from local.up.lock import FileLock
from tests.support.process import ROOT

VERSION = "3.3.30"
HOME = ROOT / ".tools" / "checkov"
_BIN = HOME / ("Scripts" if os.name == "nt" else "bin")
_STAMP = HOME / "version.txt"
_READER = Path(__file__).with_name("read_bicep.py")
_INSTALL_SECONDS = 600
_RUN_SECONDS = 120


def install() -> None:
    """Make the environment where it is missing, half-made or of another version. One process at a time."""
    if _is_complete():
        return
    HOME.parent.mkdir(exist_ok=True)
    lock = FileLock(HOME.parent / "checkov.lock")
    lock.wait()
    try:
        if _is_complete():
            return
        _STAMP.unlink(missing_ok=True)
        _run([sys.executable, "-m", "venv", "--clear", str(HOME)], _INSTALL_SECONDS)
        pip = [str(_BIN / "python"), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
        _run([*pip, "--no-compile", f"checkov=={VERSION}"], _INSTALL_SECONDS)
        _STAMP.write_text(VERSION, encoding="utf-8")
    finally:
        lock.release()


def parse(root: Path, names: Sequence[str]) -> dict[str, Any]:
    """The syntax trees of Bicep files and the content of YAML files, by their names below `root`.

    Raises:
        AssertionError: one cannot be parsed; the message names it.
    """
    command = [str(_BIN / "python"), str(_READER), *names]
    trees: dict[str, Any] = json.loads(_run(command, _RUN_SECONDS, root))
    return trees


def scan(folder: Path) -> dict[str, Any]:
    """checkov's results for the Bicep files below a folder: `failed_checks`, `skipped_checks` and so on."""
    command = [str(_BIN / "python"), "-m", "checkov.main", "--directory", ".", "--framework", "bicep"]
    # Without --skip-download it asks its maker for guidelines; --soft-fail leaves judging to the test.
    output = _run([*command, "--skip-download", "--soft-fail", "--output", "json"], _RUN_SECONDS, folder)
    results: dict[str, Any] = json.loads(output)["results"]
    return results


def _is_complete() -> bool:
    return _STAMP.is_file() and _STAMP.read_text(encoding="utf-8") == VERSION


def _run(command: list[str], seconds: float, folder: Path | None = None) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=seconds, check=False)
    assert done.returncode == 0, f"{command}:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
    return done.stdout
