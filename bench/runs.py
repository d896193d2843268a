"""Runs that several benchmarks speak of; each is made once."""

from functools import cache

from bench.stage import Limit, Run, assignment, seed_group, stage

SCALED_LIMIT = Limit(300, 15)
"""The documented 3,000 writes in 150 s, at the same rate in a tenth of the time."""
SHARE_HOLDING = 0.1


@cache
def assign(users: int, *, dry_run: bool = False) -> Run:
    """One licence for one group, nobody holds it; no limit, no latency."""
    with stage() as here:
        group = seed_group(here.control, users)
        return here.submit_and_wait(assignment(group, dry_run=dry_run))


@cache
def assign_under_limit(users: int, hosts: int) -> Run:
    """One in ten holds it already; the simulator enforces `SCALED_LIMIT`."""
    with stage(hosts=hosts, limit=SCALED_LIMIT) as here:
        group = seed_group(here.control, users, SHARE_HOLDING)
        return here.submit_and_wait(assignment(group))
