"""The same job by public clients and by us, on one simulator with the same limits, one after another.

They run without a record of anything; ours keeps one that survives a kill, and its time includes Storage.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.clients.names import CLIENTS, Client
from bench.environment import bench_python
from bench.measure import Measure, at_least, at_most, number, table
from bench.runs import SCALED_LIMIT, SHARE_HOLDING, assign_under_limit
from bench.stage import VISIO, Limit, Run, assignment, prepare_tenant, seed_group, set_conditions, stage
from tests.support.graph import GraphControl, GraphSimulator
from tests.support.process import ROOT

USERS = 1_500
USERS_ONE_BY_ONE = 200
LATENCY = 100.0
"""Milliseconds a call, where nothing is limited."""
OURS = "this project"
LONGEST_SECONDS = 900


@dataclass(frozen=True, slots=True)
class Result:
    """`wrong`: users without the licence at the end. `write_seconds`: from the first to the last write."""

    users: int
    seconds: float
    calls: int
    writes: int
    wasted: int
    throttled: int
    wrong: int
    write_seconds: float

    @property
    def users_a_second(self) -> float:
        return self.users / self.seconds


def measure() -> list[Measure]:
    free, limited = unlimited(), under_limit()
    print_results(f"no limit, {LATENCY:g} ms a call", free)
    print_results(f"limit {SCALED_LIMIT.setting} s, one in ten holds the licence", limited)
    right = {name: result for name, result in free.items() if name != OURS and not result.wrong}
    fastest = max(result.users_a_second for result in right.values())
    needed = round(USERS * (1 - SHARE_HOLDING))
    least = SCALED_LIMIT.least_seconds(needed)
    others = {name: result for name, result in limited.items() if name != OURS and not result.wrong}
    return [
        at_least("no limit: users/s / fastest client", free[OURS].users_a_second / fastest, 2),
        Measure("no limit: users/s, ours", free[OURS].users_a_second),
        Measure("no limit: users/s, fastest client", fastest),
        at_most("limit: first to last write / least", limited[OURS].write_seconds / least, 1.05),
        Measure(
            "limit: the same, best client", min(result.write_seconds / least for result in others.values())
        ),
        at_most("limit: wasted writes, ours", limited[OURS].wasted, 0),
        Measure("limit: wasted writes, least of the clients", min(r.wasted for r in others.values())),
        at_most("users left wrong, ours", free[OURS].wrong + limited[OURS].wrong, 0),
        Measure("users left wrong, worst client", max(result.wrong for result in limited.values())),
    ]


def unlimited() -> dict[str, Result]:
    """Every client at `LATENCY`; those that send one call after another have fewer users."""
    results = {}
    with simulator() as graph:
        for name, client in CLIENTS.items():
            users = USERS_ONE_BY_ONE if client.one_by_one else USERS
            results[name] = by_client(graph, name, client, users, None, LATENCY)
    with stage(latency=LATENCY) as here:
        group = seed_group(here.control, USERS)
        run = here.submit_and_wait(assignment(group))
        results[OURS] = by_us(run, wrong_users(here.control, group))
    return results


def under_limit() -> dict[str, Result]:
    """Every client under `SCALED_LIMIT`, where one user in ten holds the licence already."""
    results = {}
    with simulator() as graph:
        for name, client in CLIENTS.items():
            results[name] = by_client(graph, name, client, USERS, SCALED_LIMIT)
    run = assign_under_limit(USERS, 1)
    results[OURS] = by_us(run, run.users - run.changed - run.job["counts"]["unchanged"])
    return results


def by_client(
    graph: GraphSimulator, name: str, client: Client, users: int, limit: Limit | None, latency: float = 0
) -> Result:
    control = graph.control
    prepare_tenant(control, None)
    warm_up = seed_group(control, 1, name="Warm-up")
    group = seed_group(control, users, SHARE_HOLDING if limit else 0.0)
    line = [str(bench_python()), "-m", "bench.clients", name, "--endpoint", graph.endpoint]
    line += ["--group", group, "--warm-up", warm_up, "--sku", VISIO]
    pipe = subprocess.PIPE
    with subprocess.Popen(line, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
        if process.stdout and process.stdout.readline() == "ready\n":
            set_conditions(control, limit, latency)
        output, errors = process.communicate("go\n", timeout=LONGEST_SECONDS)
    if process.returncode:
        raise RuntimeError(f"{name} failed:\n{errors}")
    seconds = float(json.loads(output)["seconds"])
    print(f"  {name}: {seconds:.1f} s", file=sys.stderr, flush=True)
    return result(users, seconds, control.stats(), wrong_users(control, group))


def by_us(run: Run, wrong: int) -> Result:
    print(f"  {OURS}: {run.seconds:.1f} s", file=sys.stderr, flush=True)
    return result(run.users, run.seconds, run.stats, wrong)


def result(users: int, seconds: float, stats: dict[str, Any], wrong: int) -> Result:
    writes = stats["writes"]
    return Result(
        users,
        seconds,
        stats["httpCalls"],
        writes["attempted"],
        writes["attempted"] - writes["succeeded"] + writes["unchanged"],
        stats["throttled429"],
        wrong,
        stats["lastWriteAt"] - stats["firstWriteAt"],
    )


def wrong_users(control: GraphControl, group_id: str) -> int:
    """Who does not hold the licence."""
    return sum(
        all(entry["skuId"] != VISIO for entry in user["licenses"]) for user in control.group_users(group_id)
    )


@contextmanager
def simulator() -> Iterator[GraphSimulator]:
    with tempfile.TemporaryDirectory() as folder, GraphSimulator(Path(folder) / "graph.log") as graph:
        yield graph


def print_results(title: str, results: dict[str, Result]) -> None:
    header = (title, "users", "seconds", "users/s", "calls", "writes", "wasted", "429s", "wrong", "write s")
    rows = (
        (
            name,
            number(one.users),
            f"{one.seconds:.1f}",
            f"{one.users_a_second:.1f}",
            number(one.calls),
            number(one.writes),
            number(one.wasted),
            number(one.throttled),
            number(one.wrong),
            f"{one.write_seconds:.1f}",
        )
        for name, one in results.items()
    )
    print(f"\n{table(header, rows)}\n", flush=True)
