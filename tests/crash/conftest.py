"""Systems for crashes; they end with their module."""

from collections.abc import Iterator

import pytest

from tests.conftest import needs_azurite
from tests.crash.crash_system import CrashSystem
from tests.crash.one_kill import seed_licenses


@pytest.fixture(scope="module")
def crash_system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CrashSystem]:
    """One host that can be ended at a chosen step."""
    with needs_azurite():
        system = CrashSystem(tmp_path_factory.mktemp("crash"))
    with system:
        system.control.reset("empty")
        seed_licenses(system)
        yield system
