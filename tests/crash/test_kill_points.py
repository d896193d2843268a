"""One kill between each two steps of a job's way: nothing lost, nothing twice, and the record tells the truth."""

from __future__ import annotations

import pytest

from tests.crash.crash_system import CrashSystem
from tests.crash.kill_points import KILL_POINTS, KillPoint
from tests.crash.one_kill import survive

pytestmark = pytest.mark.system


@pytest.mark.parametrize("kill", KILL_POINTS, ids=lambda kill: kill.name)
def test_killed_when(crash_system: CrashSystem, kill: KillPoint) -> None:
    survive(crash_system, kill)
