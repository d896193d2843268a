"""`python -m tests.chaos --kills 100 --seed 1`: exit code 0 if nothing was lost and nothing done twice."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.chaos.disturbances import Disturbances
from tests.chaos.rounds import Rounds
from tests.crash.crash_system import CrashSystem


def main() -> int:
    parser = argparse.ArgumentParser(prog="python dev.py chaos", description="Kill hosts while jobs run.")
    parser.add_argument("--kills", type=int, default=100, help="how often a host is killed (default 100)")
    parser.add_argument(
        "--seed", type=int, default=1, help="what the disturbances are drawn from (default 1)"
    )
    parser.add_argument(
        "--logs", type=Path, help="folder for the logs (default: one that is deleted at the end)"
    )
    options = parser.parse_args()
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.logs or Path(temporary)
        storage = folder / "storage"
        storage.mkdir(parents=True)
        with CrashSystem(folder, hosts=2, proxied=True, storage_folder=storage, seed=options.seed) as system:
            disturbances = Disturbances(system, options.seed)
            rounds = Rounds(system, disturbances, options.kills)
            rounds.run()
            disturbances.end()
            _report(system, disturbances, rounds)
    seconds = time.monotonic() - started
    verdict = f"{len(rounds.found)} findings" if rounds.found else "nothing lost, nothing twice"
    print(f"seed {options.seed}: {verdict}, every job ended, {seconds:.0f} s", flush=True)
    return 1 if rounds.found else 0


def _report(system: CrashSystem, disturbances: Disturbances, rounds: Rounds) -> None:
    print(f"{rounds.jobs} jobs over {rounds.users} users in all", flush=True)
    for name, number in sorted(disturbances.done.items()):
        print(f"  {name}: {number}", flush=True)
    for name, number in sorted(system.proxy.done.items()):
        print(f"  requests to storage {name}: {number}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
