"""Memory, and how time, calls and requests grow with the users."""

from bench.measure import Measure, at_most
from bench.runs import assign
from bench.stage import assignment, seed_group, stage

SIZES = (2_000, 10_000, 20_000, 100_000)
GROUPS = 500
USERS_A_GROUP = 40
MEMORY_MIB = 250
GROWTH = 12
"""Ten times the users may cost so many times as much."""


def measure_memory() -> list[Measure]:
    """Of the host's whole process tree."""
    most = SIZES[-1]
    with stage() as here:
        groups = [seed_group(here.control, USERS_A_GROUP, name=f"Group {n}") for n in range(GROUPS)]
        many_groups = here.submit_and_wait(assignment(*groups))
    return [
        at_most(f"peak MiB: assign, one group of {most:,}", assign(most).peak_mib, MEMORY_MIB),
        at_most("peak MiB: dry run of the same", assign(most, dry_run=True).peak_mib, MEMORY_MIB),
        at_most(f"peak MiB: assign, {GROUPS} groups of {USERS_A_GROUP}", many_groups.peak_mib, MEMORY_MIB),
        Measure(f"seconds: assign, {GROUPS} groups of {USERS_A_GROUP}", many_groups.seconds),
    ]


def measure_scale() -> list[Measure]:
    """No limit, no latency: what our own side takes."""
    runs = {users: assign(users) for users in SIZES}
    small, large = runs[10_000], runs[100_000]
    found = []
    for users, run in runs.items():
        found += [
            Measure(f"{users:,} users: seconds", run.seconds),
            Measure(f"{users:,} users: users/s", users / run.seconds),
            Measure(f"{users:,} users: ms of processor / user", 1000 * run.cpu_seconds / users),
        ]
    return [
        *found,
        Measure("100,000 users, dry run: seconds", assign(100_000, dry_run=True).seconds),
        at_most("100,000 / 10,000 users: time", large.seconds / small.seconds, GROWTH),
        at_most(
            "100,000 / 10,000 users: Graph calls",
            large.stats["httpCalls"] / small.stats["httpCalls"],
            GROWTH,
        ),
        at_most(
            "100,000 / 10,000 users: storage requests", large.storage.total() / small.storage.total(), GROWTH
        ),
    ]
