"""Cold start: what importing the app takes, and which packages take most of it."""

import os
import re
import statistics
import subprocess
import sys
from collections import Counter

from bench.measure import Measure
from tests.support.host import settings_for
from tests.support.process import ROOT

REPEATS = 3
SHOWN = 8
# azure.storage.blob loads aiohttp where it finds it: a test's dependency has it, a deployment has not.
_IMPORT = "import sys; sys.modules['aiohttp'] = None; import function_app"
_LINE = re.compile(r"import time:\s+(?P<own>\d+) \|\s+(?P<all>\d+) \|\s*(?P<module>\S+)")


def measure() -> list[Measure]:
    """The imports of `function_app` as Python tells them (`-X importtime`), its own ones by package."""
    totals = []
    own: Counter[str] = Counter()
    for _ in range(REPEATS):
        total, packages = import_times()
        totals.append(total)
        own.update(packages)
    median = statistics.median(totals)
    return [
        Measure("importing function_app", median, "ms"),
        *(
            Measure(f"of these {package}", microseconds / 1000 / REPEATS, "ms")
            for package, microseconds in own.most_common(SHOWN)
        ),
    ]


def import_times() -> tuple[float, Counter[str]]:
    """Milliseconds of the whole, and microseconds by package of everything under it."""
    connection = "DefaultEndpointsProtocol=https;AccountName=nobody;AccountKey=bm9ib2R5"
    env = settings_for(connection, "http://127.0.0.1:9", {})
    line = [sys.executable, "-X", "importtime", "-c", _IMPORT]
    done = subprocess.run(
        line, cwd=ROOT, env={**os.environ, **env}, capture_output=True, text=True, check=True
    )
    packages: Counter[str] = Counter()
    for found in _LINE.finditer(done.stderr):
        packages[_package(found["module"])] += int(found["own"])
        if found["module"] == "function_app":
            return int(found["all"]) / 1000, packages
    raise AssertionError(f"function_app was not imported: {done.stderr}")


def _package(module: str) -> str:
    """`azure.data` for `azure.data.tables`, else the first name; the standard library as one."""
    first, *rest = module.split(".")
    if first in sys.stdlib_module_names:
        return "the standard library"
    return f"azure.{rest[0]}" if first == "azure" and rest else first
