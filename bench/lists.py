"""Pages of the lists when there is much to list: the first one, and one far behind it."""

import statistics
import time
import uuid
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

from bench.measure import Measure, at_most
from bench.stage import Stage, assignment, seed_group, stage
from shared.storage.connection import Storage, StorageSettings
from shared.storage.job_index import JobIndex

JOBS = 10_000
ITEMS = 100_000
REPEATS = 5
DEEP = 2.0
"""A page far behind may take so many times as long as the first one."""


def measure() -> list[Measure]:
    with stage() as here:
        group = seed_group(here.control, ITEMS)
        job_id = here.submit_and_wait(assignment(group, dry_run=True)).job["id"]
        list_many_jobs(here)
        jobs_first, jobs_deep = pages(here, "jobs", 100)
        items_first, items_deep = pages(here, f"jobs/{job_id}/items", 999)
        found = timed(lambda: here.system.api.read("jobs", search="Everybody", pageSize=100))
        nothing = timed(lambda: here.system.api.read("jobs", search="no job of that name", pageSize=100))
        failed = timed(lambda: here.system.api.read(f"jobs/{job_id}/items", status="failed"))
        one = timed(lambda: here.system.api.job(job_id))
    return [
        Measure(f"{JOBS:,} jobs: first page of 100", jobs_first, "ms"),
        Measure(f"{JOBS:,} jobs: last page of 100", jobs_deep, "ms"),
        at_most(f"{JOBS:,} jobs: last / first page", jobs_deep / jobs_first, DEEP),
        Measure(f"{JOBS:,} jobs: a search that finds", found, "ms"),
        Measure(f"{JOBS:,} jobs: a page of a search that finds nothing", nothing, "ms"),
        Measure(f"{ITEMS:,} items: first page of 999", items_first, "ms"),
        Measure(f"{ITEMS:,} items: page 100 of 999", items_deep, "ms"),
        at_most(f"{ITEMS:,} items: page 100 / first page", items_deep / items_first, DEEP),
        Measure(f"{ITEMS:,} items: those that failed (none)", failed, "ms"),
        Measure(f"a job of {ITEMS:,} items", one, "ms"),
    ]


def pages(here: Stage, path: str, size: int) -> tuple[float, float]:
    """Milliseconds of the first page and of the last full one."""
    api = here.system.api
    links = [f"{path}?pageSize={size}"]
    while (page := api.read(links[-1])) and "nextLink" in page:
        links.append(page["nextLink"])
    return timed(lambda: api.read(links[0])), timed(lambda: api.read(links[-2]))


def timed(call: Callable[[], object]) -> float:
    """Median of some calls, in milliseconds."""
    took = []
    for _ in range(REPEATS):
        began = time.monotonic()
        call()
        took.append(time.monotonic() - began)
    return 1000 * statistics.median(took)


def list_many_jobs(here: Stage) -> None:
    """Rows of ended jobs straight into the index, each a copy of the one job that ran."""
    settings = StorageSettings(connection_string=here.system.azurite.connection_string)
    index = JobIndex(Storage(settings))
    (entry,) = index.newest_first()

    def copy(number: int) -> None:
        created_at = entry.view.created_at - timedelta(minutes=number)
        index.put(replace(entry.view, job_id=str(uuid.uuid4()), created_at=created_at))

    with ThreadPoolExecutor(8) as threads:
        deque(threads.map(copy, range(1, JOBS)), maxlen=0)
