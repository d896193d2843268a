"""How long a caller waits: for POST /jobs, and for a job while it runs."""

import statistics
import time
from datetime import UTC, datetime, timedelta

from bench.measure import Measure, at_most
from bench.stage import Stage, assignment, seed_group, stage

GROUPS = (1, 100, 500)
REPEATS = 11
TARGET = (100, 1000.0)
"""Groups and milliseconds at the median."""
RUNNING_USERS = 10_000
READS = 30


def measure() -> list[Measure]:
    with stage() as here:
        groups = [seed_group(here.control, 1, name=f"Group {number}") for number in range(max(GROUPS))]
        submitted = {count: submissions(here, groups[:count]) for count in GROUPS}
        group = seed_group(here.control, RUNNING_USERS, name="Many")
        reads = reads_while_running(here, group)
    found = []
    for count, took in submitted.items():
        what = f"POST /jobs with {count} group{'s' if count > 1 else ''}: median"
        target = TARGET[1] if count == TARGET[0] else None
        found.append(Measure(what, statistics.median(took), "ms", target))
    return [
        *found,
        Measure("GET /jobs/{id} while 10,000 users are changed: median", statistics.median(reads), "ms"),
        Measure("the slowest of these", max(reads), "ms"),
        at_most("500 groups / 100 groups", found[2].found / found[1].found, 6),
    ]


def submissions(here: Stage, groups: list[str]) -> list[float]:
    """Milliseconds of each; the jobs begin tomorrow, so that none runs meanwhile."""
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    took = []
    for _ in range(REPEATS):
        began = time.monotonic()
        here.system.api.submit(assignment(*groups, startAt=tomorrow))
        took.append(1000 * (time.monotonic() - began))
    return took


def reads_while_running(here: Stage, group: str) -> list[float]:
    """Milliseconds of each, evenly over the first seconds of the job."""
    job_id = here.system.api.submit(assignment(group))["id"]
    took = []
    for _ in range(READS):
        began = time.monotonic()
        here.system.api.job(job_id)
        took.append(1000 * (time.monotonic() - began))
        time.sleep(0.1)
    here.wait_for_end(job_id)
    return took
