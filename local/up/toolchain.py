"""Where the tools that `dev.py` installs are to be found, and which of them are complete."""

import hashlib
import json
import os
import sys
from pathlib import Path

AZURITE_VERSION = "3.35.0"
REQUIREMENTS = ("requirements.txt", "requirements-dev.txt")


class Toolchain:
    """The git-ignored folders of one checkout: the virtual environment and the tools beside it.

    A stamp is written last and removed first, so what has one is complete, and what has none is made anew.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.venv = root / ".venv"
        self.python = self.venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
        self.venv_stamp = self.venv / "requirements.sha256"
        self.tools = root / ".tools"
        self.node_modules = self.tools / "node_modules"
        self.azurite_script = self.node_modules / "azurite" / "dist" / "src" / "azurite.js"
        self.azurite_stamp = self.tools / "azurite.json"
        self.lock_file = self.tools / "setup.lock"

    def requirements_hash(self) -> str:
        """What the virtual environment's stamp holds once it has these requirements."""
        digest = hashlib.sha256(f"{sys.version_info.major}.{sys.version_info.minor}".encode())
        for name in REQUIREMENTS:
            digest.update((self.root / name).read_bytes())
        return digest.hexdigest()

    def has_venv(self) -> bool:
        """Whether there is a virtual environment that was complete once, whatever its packages."""
        return self.venv_stamp.is_file() and self.python.is_file()

    def has_packages(self) -> bool:
        """Whether the virtual environment has what the requirement files pin now."""
        return self.has_venv() and self.venv_stamp.read_text(encoding="utf-8") == self.requirements_hash()

    def azurite(self) -> tuple[str, str] | None:
        """Node.js and Azurite's script, or None while they are not installed in the wanted version."""
        try:
            stamp = json.loads(self.azurite_stamp.read_text(encoding="utf-8"))
            version, node = stamp["version"], Path(stamp["node"])
        except (FileNotFoundError, ValueError, KeyError):
            return None
        if version != AZURITE_VERSION or not self.azurite_script.is_file() or not node.is_file():
            return None
        return str(node), str(self.azurite_script)

    def stamp_azurite(self, node: str) -> None:
        """Say that Azurite is complete, and which Node.js runs it."""
        stamp = {"version": AZURITE_VERSION, "node": node}
        self.azurite_stamp.write_text(json.dumps(stamp), encoding="utf-8")
