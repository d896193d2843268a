"""`dev.py check` and `dev.py test`: what they run and how they end."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.dev.conftest import dev

pytestmark = pytest.mark.xdist_group("checkout")  # one set-up for all

# Unformatted, an import that nobody uses, and a wrong type.
FAULTY = "import os\ndef wrong( ) -> int: return 'text'\n"
PASSING = "def test_passes() -> None:\n    assert True\n"


@pytest.fixture
def faulty_checkout(checkout: Path) -> Iterator[Path]:
    """The checkout with a fault for each check, and one small test."""
    faulty, passing = checkout / "local" / "faulty.py", checkout / "tests" / "test_passing.py"
    faulty.write_text(FAULTY)
    passing.write_text(PASSING)
    yield checkout
    faulty.unlink()
    passing.unlink()


def test_every_check_runs_and_its_fault_fails_the_whole(faulty_checkout: Path) -> None:
    """Pytest gets its arguments and runs all the same; its success does not hide that a check failed."""
    done = dev(faulty_checkout, "test", "-q", "tests/test_passing.py", "-k", "passes")
    assert done.returncode == 1
    output = done.stdout.replace("\\", "/")
    for fault in ("local/faulty.py:2:1", "F401", "local/faulty.py:2: error: Incompatible return value type"):
        assert fault in output
    assert "1 passed" in output
    *_, ends, took = output.splitlines()
    assert re.fullmatch(r"dev.py: format failed .+, lint failed .+, types failed .+, pytest ok", ends)
    assert took.startswith("dev.py: took ")
