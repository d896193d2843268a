"""`python -m tests.chaos.proof`: each kill point without what saves the job there, which its test must notice.

Exit code 1 if a test passes all the same: then it proves nothing.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.crash.crash_system import CrashSystem
from tests.crash.kill_points import KILL_POINTS, NOTHING, KillPoint
from tests.crash.one_kill import seed_licenses, survive

WITHIN = 15.0
"""Seconds for a job that takes a few when it is saved."""


def main() -> int:
    unnoticed = 0
    for protection in dict.fromkeys(kill.saved_by for kill in KILL_POINTS if kill.saved_by != NOTHING):
        settings = {"CRASH_WITHOUT": protection}
        with tempfile.TemporaryDirectory() as folder, CrashSystem(Path(folder), settings) as system:
            for kill in (kill for kill in KILL_POINTS if kill.saved_by == protection):
                told = _attempt(system, kill)
                unnoticed += told is None
                print(f"without {protection}, {kill.name}: {told or 'NOT NOTICED'}", flush=True)
    return 1 if unnoticed else 0


def _attempt(system: CrashSystem, kill: KillPoint) -> str | None:
    """How the test fails; None: it passes."""
    system.orders.unlink(missing_ok=True)
    system.clean("empty")
    seed_licenses(system)
    try:
        survive(system, kill, WITHIN)
    except AssertionError as failure:
        return " ".join(str(failure).split())[:100] or "an assertion failed"
    return None


if __name__ == "__main__":
    sys.exit(main())
