"""How much of Graph's write limit is used, and how often it is hit."""

from bench.measure import Measure, at_least, at_most
from bench.runs import SCALED_LIMIT, assign_under_limit
from bench.stage import Run

USERS = 1_500
WANTED = {1: (0.95, 0.01), 2: (0.85, 0.03)}
"""Hosts to least utilisation and largest share of 429s."""


def utilisation(run: Run) -> float:
    """Writes answered 2xx, of what the limit's rate lets through from the first write to the last."""
    rate = SCALED_LIMIT.writes / SCALED_LIMIT.seconds
    return run.writes["succeeded"] / (rate * run.write_seconds)


def measure() -> list[Measure]:
    found = []
    for hosts, (least, most) in WANTED.items():
        run = assign_under_limit(USERS, hosts)
        who = "one host" if hosts == 1 else f"{hosts} hosts"
        ideal = SCALED_LIMIT.least_seconds(run.writes["succeeded"])
        found += [
            at_least(f"{who}: utilisation of {SCALED_LIMIT.setting} s", utilisation(run), least),
            at_most(f"{who}: 429s / writes", run.writes["throttled"] / run.writes["attempted"], most),
            Measure(f"{who}: first to last write / least possible", run.write_seconds / ideal),
            Measure(f"{who}: storage requests / user", run.storage.total() / run.users),
            Measure(f"{who}: calls of the chunk function / user", run.chunk_calls / run.users),
            Measure(f"{who}: share of the time in which one runs", run.active_seconds / run.seconds / hosts),
        ]
    return found
