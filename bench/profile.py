"""Where the processor time of a job goes: the app in one process and one thread, under cProfile.

Handlers are called as the host would call them, with messages from the real queues, so that nothing but the app and
its libraries shows.
"""

from __future__ import annotations

import cProfile
import os
import pstats

from bench.measure import Measure
from bench.pump import Pump, identity
from bench.stage import UNLIMITED, assignment, seed_group, stage

USERS = 5_000
SHOWN = 25


def measure() -> list[Measure]:
    with stage() as here:
        here.system.host.stop()  # its messages are ours
        group = seed_group(here.control, USERS)
        os.environ.update(identity(here.system.graph.base_url))
        settings = {"GRAPH_WRITE_LIMIT": UNLIMITED}
        pump = Pump(here.system.azurite.connection_string, here.system.graph.base_url, settings)
        pump.submit(assignment(group))
        profiler = cProfile.Profile()
        profiler.runcall(pump.run)
    stats = pstats.Stats(profiler)
    stats.sort_stats("tottime").print_stats(SHOWN)
    stats.sort_stats("cumulative").print_stats(r"/(shared|handlers)/", SHOWN)
    total = sum(entry[2] for entry in stats.stats.values())  # type: ignore[attr-defined]  # untyped in typeshed
    return [Measure("ms under the profiler / user", 1000 * total / USERS)]
