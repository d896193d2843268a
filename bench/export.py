"""An export of 100,000 users: the host's memory, the time, the size."""

from bench.measure import Measure, at_most
from bench.stage import seed_group, stage

USERS = 100_000
MEMORY_MIB = 250
HOLDING = 0.7


def measure() -> list[Measure]:
    found = []
    for format_ in ("xlsx", "csv", "json"):
        with stage() as here:
            group = seed_group(here.control, USERS, HOLDING)
            body = {"action": "export", "groupIds": [group], "export": {"format": format_}}
            run = here.submit_and_wait(body)
            file = here.system.api.get(run.job["links"]["file"])
            if file.status_code != 200:
                raise AssertionError(f"the file of the export: {file.status_code} {file.text}")
        found += [
            at_most(f"peak MiB: export of {USERS:,} users, {format_}", run.peak_mib, MEMORY_MIB),
            Measure(f"{format_}: seconds", run.seconds),
            Measure(f"{format_}: MB", len(file.content) / 1e6),
        ]
    return found
