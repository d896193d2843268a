"""One job for a million users, to check the model of `docs/scale.md` against."""

from bench.measure import Measure, at_most
from bench.runs import assign
from bench.stage import Run

USERS = 1_000_000
SMALL = 10_000
MEMORY_MIB = 250


def measure() -> list[Measure]:
    run, small = assign(USERS), assign(SMALL)
    times = USERS // SMALL

    def ratio(found: float, of_small: float) -> float:
        return found / (times * of_small)

    return [
        Measure(f"{USERS:,} users: seconds", run.seconds),
        at_most(f"{USERS:,} users: Graph calls / user", per_user(run, run.stats["httpCalls"]), 0.12),
        at_most(f"{USERS:,} users: storage requests / user", per_user(run, run.storage.total()), 0.15),
        Measure(f"{USERS:,} users: peak MiB", run.peak_mib, "", MEMORY_MIB),
        Measure(f"time / ({times} times {SMALL:,} users)", ratio(run.seconds, small.seconds)),
        Measure(
            f"Graph calls / ({times} times {SMALL:,} users)",
            ratio(run.stats["httpCalls"], small.stats["httpCalls"]),
        ),
        Measure(
            f"storage / ({times} times {SMALL:,} users)", ratio(run.storage.total(), small.storage.total())
        ),
    ]


def per_user(run: Run, count: float) -> float:
    return count / run.users
