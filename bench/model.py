"""What a job takes on Azure: time by Graph's limit, money by what it asks for. `docs/scale.md` explains it.

The constants are what the other benchmarks found; the prices are inputs, which change and have to be checked.
"""

from dataclasses import dataclass

from bench.measure import Measure, number, table
from bench.stage import Limit

GRAPH_LIMIT = Limit(3000, 150)
"""Writes of an app in a tenant, https://learn.microsoft.com/graph/throttling-limits."""
SIZES = (10_000, 100_000, 1_000_000)


@dataclass(frozen=True, slots=True)
class Found:
    """Of a user whose licence changes, under the write limit, unless said otherwise."""

    graph_calls: float = 0.1014
    storage_requests: float = 0.14
    chunk_calls: float = 0.012
    active_share: float = 1.0
    """Share of a job's time in which an instance works on a chunk."""
    unlimited_users_a_second: float = 1_600.0
    stored_bytes: float = 150.0
    logged_bytes: float = 12.0


@dataclass(frozen=True, slots=True)
class Prices:
    """US dollars, pay as you go. Inputs: check them for your region and contract before relying on a sum.

    Flex Consumption as published in May 2025; storage (locally redundant, general purpose v2) and logs unchecked.
    """

    gigabyte_second: float = 0.000026
    million_executions: float = 0.40
    free_gigabyte_seconds: float = 100_000.0
    free_executions: float = 250_000.0
    ten_thousand_storage_requests: float = 0.004
    """That of queues; tables cost less."""
    stored_gigabyte_month: float = 0.05
    logged_gigabyte: float = 2.76


@dataclass(frozen=True, slots=True)
class Deployment:
    """`infra/main.bicep`'s memory; a dozen chunk messages at once are one or two instances."""

    instance_gigabytes: float = 2.0
    instances: int = 2
    timer_runs_a_month: int = 2 * 4 * 24 * 30
    timer_seconds: float = 1.0
    """The least that is billed."""


@dataclass(frozen=True, slots=True)
class Projection:
    """Of one such job a month. `seconds` from the first write to the last."""

    users: int
    seconds: float
    storage_requests: float
    gigabyte_seconds: float
    executions: float
    dollars: float
    dollars_without_grant: float


def project(
    users: int,
    limit: Limit = GRAPH_LIMIT,
    found: Found = Found(),
    prices: Prices = Prices(),
    deployment: Deployment = Deployment(),
) -> Projection:
    """What a job that changes so many users takes."""
    seconds = max(limit.least_seconds(users), users / found.unlimited_users_a_second)
    active = seconds * found.active_share * deployment.instances
    timers = deployment.timer_runs_a_month * deployment.timer_seconds
    gigabyte_seconds = (active + timers) * deployment.instance_gigabytes
    executions = users * found.chunk_calls + deployment.timer_runs_a_month
    requests = users * found.storage_requests
    storage = requests / 10_000 * prices.ten_thousand_storage_requests
    storage += users * found.stored_bytes / 1e9 * prices.stored_gigabyte_month
    logs = users * found.logged_bytes / 1e9 * prices.logged_gigabyte

    def compute(free_seconds: float, free_executions: float) -> float:
        billed = max(0.0, gigabyte_seconds - free_seconds) * prices.gigabyte_second
        return billed + max(0.0, executions - free_executions) / 1e6 * prices.million_executions

    return Projection(
        users,
        seconds,
        requests,
        gigabyte_seconds,
        executions,
        compute(prices.free_gigabyte_seconds, prices.free_executions) + storage + logs,
        compute(0, 0) + storage + logs,
    )


def measure() -> list[Measure]:
    """Print the table of `docs/scale.md`."""
    print(f"\n{table(HEADER, map(row, map(project, SIZES)))}\n", flush=True)
    return [Measure(f"{users:,} users: dollars a month", project(users).dollars) for users in SIZES]


HEADER = ("users", "time", "storage requests", "GB-s", "executions", "$/month", "$ without free grant")


def row(one: Projection) -> tuple[str, ...]:
    minutes = one.seconds / 60
    return (
        number(one.users),
        f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.1f} h",
        number(round(one.storage_requests)),
        number(round(one.gigabyte_seconds)),
        number(round(one.executions)),
        f"{one.dollars:.2f}",
        f"{one.dollars_without_grant:.2f}",
    )
