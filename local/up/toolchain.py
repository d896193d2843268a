"""Where the tools that `dev.py` installs are to be found."""

import json
import os
from pathlib import Path

AZURITE_VERSION = "3.35.0"


class Toolchain:
    """The git-ignored folders of one checkout: the virtual environment and the tools beside it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.venv = root / ".venv"
        self.tools = root / ".tools"
        self.python = self.venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
        self.azurite_package = self.tools / "node_modules" / "azurite"
        self.azurite_stamp = self.tools / "azurite.json"

    def azurite(self) -> tuple[str, ...] | None:
        """Node.js and Azurite's script, or None while they are not installed in the wanted version."""
        try:
            stamp = json.loads(self.azurite_stamp.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return None
        script = self.azurite_package / "dist" / "src" / "azurite.js"
        node = Path(stamp["node"])
        if stamp["version"] != AZURITE_VERSION or not script.is_file() or not node.is_file():
            return None
        return str(node), str(script)
