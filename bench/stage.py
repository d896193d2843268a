"""A system of its own for each measurement, and one job on it, watched from outside."""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from azure.data.tables import TableServiceClient

from bench.activity import executions, seconds_active
from bench.memory import Watch
from bench.storage_log import StorageLog
from tests.support.api import TERMINAL
from tests.support.eventually import eventually
from tests.support.graph import GraphControl
from tests.support.system import System

Json = dict[str, Any]
VISIO = "c5928f49-12ba-48f7-ada3-0d743a3601d5"
UNLIMITED = "10000000/1"
# The schedules as on Azure, not the fast ones of the tests.
SETTINGS: Mapping[str, str | None] = {
    "RETRY_SCHEDULE": None,
    "EXPIRY_SCHEDULE": None,
    "RETRY_DELAY_SECONDS": None,
    "GRAPH_READ_DELAY_SECONDS": None,
    "LOCAL_QUEUE_LEASE_SECONDS": None,
    "GRAPH_WRITE_LIMIT": UNLIMITED,
}
LONGEST_JOB_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Limit:
    """`writes` in any `seconds`, enforced by the simulator and told to the app."""

    writes: int
    seconds: float

    @property
    def setting(self) -> str:
        return f"{self.writes}/{self.seconds:g}"

    def least_seconds(self, writes: int) -> float:
        """From the first to the last of so many writes, as fast as a sliding window lets them through."""
        return (writes - 1) // self.writes * self.seconds


@dataclass(frozen=True, slots=True)
class Run:
    """One job, from POST to its end. `stats` are the simulator's counts, `storage` requests by kind.

    `active_seconds`: how long a chunk was worked on, by hosts each for itself and added up.
    """

    users: int
    seconds: float
    job: Json
    stats: Json
    storage: Counter[str]
    peak_mib: float
    cpu_seconds: float
    chunk_calls: int
    active_seconds: float

    @property
    def changed(self) -> int:
        return int(self.job["counts"]["changed"])

    @property
    def writes(self) -> Mapping[str, int]:
        """`attempted`, `succeeded`, `throttled`, `unchanged`, …"""
        writes: Mapping[str, int] = self.stats["writes"]
        return writes

    @property
    def write_seconds(self) -> float:
        """From the first to the last write that succeeded."""
        return float(self.stats["lastWriteAt"] - self.stats["firstWriteAt"])


class Stage:
    """A running system with an empty tenant; see `stage`."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.log = StorageLog(system.azurite.log)
        self._tables = TableServiceClient.from_connection_string(system.azurite.connection_string)

    @property
    def control(self) -> GraphControl:
        return self.system.control

    def submit_and_wait(self, body: Json) -> Run:
        """Run the job; neither the waiting nor the looking asks anything of the app."""
        self.system.api.read("licenses")  # so that the app has a token that the tenant knows
        self.control.reset_stats()
        self.log.mark()
        for host in self.system.hosts:
            host.mark_log()
        with Watch([host.pid for host in self.system.hosts]) as watch:
            began = time.monotonic()
            job_id = self.system.api.submit(body)["id"]
            self.wait_for_end(job_id)
            seconds = time.monotonic() - began
        stats = self.control.stats()
        eventually(self.log.at_rest, within=30, what="the last message")
        storage = self.log.counts()
        job = self.system.api.job(job_id)
        if job["status"] != "Finished":
            raise AssertionError(f"the job ended {job['status']}: {job['error']} {job['counts']}")
        chunks = [executions(host.log_since_mark(), "HandleChunk") for host in self.system.hosts]
        return Run(
            job["progress"]["total"],
            seconds,
            job,
            stats,
            storage,
            watch.peak_mib,
            watch.cpu_seconds,
            sum(map(len, chunks)),
            sum(map(seconds_active, chunks)),
        )

    def wait_for_end(self, job_id: str) -> None:
        """By the job's row, which `StorageLog` knows not to count."""
        rows = self._tables.get_table_client("jobs")
        eventually(
            lambda: rows.get_entity(job_id, "job", select=["status"])["status"],
            lambda status: status in TERMINAL,
            within=LONGEST_JOB_SECONDS,
            every=0.1,
            what="the end of the job",
        )


@contextmanager
def stage(*, hosts: int = 1, limit: Limit | None = None, latency: float = 0.0) -> Iterator[Stage]:
    """Hosts, simulator and Azurite of our own: an empty tenant that owns enough of one licence.

    `limit` None: nothing is limited. `latency` of each Graph call in milliseconds.
    """
    settings = {**SETTINGS, **({"GRAPH_WRITE_LIMIT": limit.setting} if limit else {})}
    with tempfile.TemporaryDirectory() as folder:
        system = System(Path(folder), settings, hosts=hosts)
        system.azurite.command.remove("--silent")  # its log of requests is what `StorageLog` reads
        with system:
            prepare_tenant(system.control, limit, latency)
            yield Stage(system)


def prepare_tenant(control: GraphControl, limit: Limit | None, latency: float = 0.0) -> None:
    """An empty tenant with units for two million users, and nothing counted yet."""
    control.reset("empty")
    control.seed(skus=[{"skuPartNumber": "VISIOCLIENT", "enabled": 2_000_000}])
    set_conditions(control, limit, latency)


def set_conditions(control: GraphControl, limit: Limit | None, latency: float) -> None:
    """From here on; counts begin at zero."""
    if limit is None:
        control.set_limits(enabled=False)
    else:
        control.set_limits(limit.writes, limit.seconds)
    control.set_latency(latency)
    control.reset_stats()


def seed_group(control: GraphControl, users: int, holding: float = 0.0, name: str = "Everybody") -> str:
    """A group of so many new users, of whom that share holds the licence already; its id."""
    licenses = [{"skuId": VISIO, "share": holding}] if holding else []
    bulk = {"displayName": name, "users": users, "usageLocation": "DE", "licenses": licenses}
    return str(control.seed(bulk=[bulk])["groupIds"][0])


def assignment(*group_ids: str, dry_run: bool = False, **more: object) -> Json:
    """The body of the job that most benchmarks run."""
    return {
        "action": "assign",
        "groupIds": list(group_ids),
        "licenses": [{"skuId": VISIO}],
        "dryRun": dry_run,
        **more,
    }
