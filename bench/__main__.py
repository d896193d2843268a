"""`python -m bench [name ...] [--json FILE]`: measure, and say what meets its target."""

import argparse
import json
import platform
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil

from bench import (
    export,
    latency,
    lists,
    million,
    model,
    profile,
    scale,
    side_by_side,
    start,
    throughput,
    waste,
)
from bench.measure import Benchmark, Measure, measures_table


@dataclass(frozen=True, slots=True)
class Entry:
    """`alone`: runs only when it is named."""

    what: str
    run: Benchmark
    alone: bool = False


BENCHMARKS = {
    "throughput": Entry(
        "how much of Graph's write limit is used, by one host and by two", throughput.measure
    ),
    "clients": Entry("the same job by public clients and by us", side_by_side.measure),
    "waste": Entry("calls, writes, storage requests and messages for a user", waste.measure),
    "memory": Entry("the host's memory: 100,000 users, 500 groups", scale.measure_memory),
    "scale": Entry("how time and counts grow from 2,000 to 100,000 users", scale.measure_scale),
    "lists": Entry("pages of 10,000 jobs and of 100,000 items", lists.measure),
    "latency": Entry("POST /jobs and GET /jobs/{id}", latency.measure),
    "start": Entry("importing the app", start.measure),
    "export": Entry("exports of 100,000 users", export.measure),
    "model": Entry("what docs/scale.md projects for Azure, from constants and prices", model.measure),
    "million": Entry("one job for a million users (a quarter of an hour)", million.measure, alone=True),
    "profile": Entry("where the processor time of a job goes", profile.measure, alone=True),
}


def main(arguments: Sequence[str]) -> int:
    """0 if every target is met, 1 if not."""
    options = build_parser().parse_args(arguments)
    names = options.name or [name for name, entry in BENCHMARKS.items() if not entry.alone]
    print(f"bench: {machine()}", flush=True)
    results: dict[str, list[Measure]] = {}
    for name in names:
        print(f"bench {name}: {BENCHMARKS[name].what}", file=sys.stderr, flush=True)
        began = time.monotonic()
        results[name] = BENCHMARKS[name].run()
        print(f"bench {name}: took {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
        print(f"\n{name}\n{measures_table(results[name])}\n", flush=True)
    if options.json:
        options.json.write_text(json.dumps(as_json(results), indent=2) + "\n", encoding="utf-8")
    return summary(results)


def build_parser() -> argparse.ArgumentParser:
    names = "\n".join(f"  {name:<12}{entry.what}" for name, entry in BENCHMARKS.items())
    parser = argparse.ArgumentParser(
        prog="dev.py bench",
        description=f"Measure on real processes; without a name all but the last two.\n\n{names}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("name", nargs="*", choices=[[], *BENCHMARKS], metavar="NAME", help="what to measure")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    return parser


def summary(results: dict[str, list[Measure]]) -> int:
    """All figures that have a target, in one table."""
    aimed = [measure for measures in results.values() for measure in measures if measure.met is not None]
    missed = [measure for measure in aimed if not measure.met]
    if aimed:
        print(f"\nmeasures with a target\n{measures_table(aimed)}\n")
    print(f"bench: {len(aimed) - len(missed)} of {len(aimed)} targets met", flush=True)
    return 1 if missed else 0


def as_json(results: dict[str, list[Measure]]) -> dict[str, object]:
    measures = {name: [measure.as_json() for measure in found] for name, found in results.items()}
    return {"at": datetime.now(UTC).isoformat(timespec="seconds"), "machine": machine(), "measures": measures}


def machine() -> str:
    """What the figures in seconds depend on."""
    load = psutil.getloadavg()[0]
    return (
        f"{psutil.cpu_count()} processors, {psutil.virtual_memory().total / 2**30:.0f} GiB, "
        f"load {load:.1f}, Python {platform.python_version()} on {platform.system()}"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
