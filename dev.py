#!/usr/bin/env python3
"""The developer's one command: `python3 dev.py` says what it can do.

Needs Python 3.11 and its standard library alone. Whatever else is needed is installed first, into folders of
this checkout that git ignores: `.venv` for what requirements-dev.txt pins, `.tools` for Azurite and, where
it is missing, Node.js.

The commands are in `local/up/commands.py`; this file has to be readable to older Pythons, to send them away.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

PYTHON = (3, 11)


def other_python() -> list[str] | None:
    """The command line of a Python 3.11 elsewhere on this machine."""
    candidates = [["py", "-3.11"], ["python3.11"]] if os.name == "nt" else [["python3.11"]]
    for name, *options in candidates:
        for folder in os.get_exec_path():  # the first may be a version manager's, which has it not installed
            program = shutil.which(name, path=folder)
            if program is not None and is_right_python([program, *options]):
                return [program, *options]
    return None


def is_right_python(command: list[str]) -> bool:
    """Whether the command line runs Python 3.11."""
    tell = [*command, "-c", "import sys; print(*sys.version_info[:2])"]
    answer = subprocess.run(tell, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    return answer.stdout.split() == [b"%d" % part for part in PYTHON]


def main() -> int:
    """Carry out the command line, under Python 3.11."""
    if sys.version_info[:2] == PYTHON:
        from local.up.commands import main as run_command

        return run_command(sys.argv[1:])
    python = other_python()
    if python is None:
        version = sys.version.split()[0]
        print(f"dev.py needs Python 3.11: this is {version}, and no other was found.", file=sys.stderr)
        return 1
    if os.name != "nt":  # there it would not wait for the new program
        os.execv(python[0], [*python, *sys.argv])  # noqa: S606 - a program that we asked for its version
    return subprocess.call([*python, *sys.argv])


if __name__ == "__main__":
    sys.exit(main())
