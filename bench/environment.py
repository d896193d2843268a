"""The environment of the public clients: `.tools/bench-venv`, made when it is first needed."""

import hashlib
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

from tests.support.process import ROOT

FOLDER = ROOT / ".tools" / "bench-venv"
REQUIREMENTS = ROOT / "bench" / "requirements.txt"
STAMP = FOLDER / "requirements.sha256"


@cache
def bench_python() -> Path:
    """Its Python, with what `bench/requirements.txt` pins now."""
    python = FOLDER / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    if not STAMP.is_file() or STAMP.read_text(encoding="utf-8") != wanted:
        print("bench: installing the public clients", file=sys.stderr, flush=True)
        base = getattr(sys, "_base_executable", sys.executable)  # that of a virtual environment has no home
        subprocess.run([base, "-m", "venv", "--clear", str(FOLDER)], check=True)
        install = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
        subprocess.run([*install, "--no-compile", "-r", str(REQUIREMENTS)], check=True)
        STAMP.write_text(wanted, encoding="utf-8")
    return python
