"""`dev.py up` with everything real: the app on its host, the simulator, Azurite."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
import requests
from azure.data.tables import TableServiceClient

from local.up.azurite import StoragePorts
from local.up.toolchain import Toolchain
from tests.dev.conftest import dev
from tests.support.api import Api
from tests.support.eventually import eventually

pytestmark = [
    pytest.mark.xdist_group("checkout"),
    pytest.mark.system,
    pytest.mark.azurite,
    pytest.mark.skipif(
        os.name == "nt", reason="the shown request is run by a POSIX shell, and ends are signals"
    ),
]
READY = "The system is ready."


class RunningUp:
    """A `dev.py up` that has shown its addresses."""

    def __init__(self, checkout: Path, log: Path, *options: str) -> None:
        self._log = log
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "dev.py", "up", *options],
                cwd=checkout,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        eventually(self._ready_or_ended, within=90, what="the addresses of `dev.py up`")
        assert self.process.poll() is None, self.output()
        self.below = psutil.Process(self.process.pid).children(recursive=True)
        self.host = self._shown(r"API +(\S+)/api/$")
        self.storage = StoragePorts(
            *map(int, re.findall(r"(?:blob|queue|table) (\d+)", self._shown(r"(storage .+)$")))
        )

    def output(self) -> str:
        """Everything shown so far."""
        return self._log.read_text()

    def request(self) -> str:
        """The request that it offers to paste."""
        return self._shown(r"^ +(curl .+)$")

    def service(self, module: str) -> psutil.Process:
        """The process that runs that Python module."""
        return next(p for p in self.below if p.cmdline()[1:3] == ["-m", module])

    def tables(self) -> TableServiceClient:
        """The storage that it keeps."""
        return TableServiceClient.from_connection_string(self.storage.connection_string())

    def nothing_is_left(self, within: float = 15) -> None:
        """Wait until it and everything below it is gone."""
        self.process.wait(within)
        eventually(lambda: not self._left(), within=within, what="the end of every process")

    def _left(self) -> list[psutil.Process]:
        return [p for p in self.below if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]

    def _ready_or_ended(self) -> bool:
        return READY in self.output() or self.process.poll() is not None

    def _shown(self, pattern: str) -> str:
        found = re.search(pattern, self.output(), re.MULTILINE)
        assert found, self.output()
        return found[1]


StartUp = Callable[..., RunningUp]


@pytest.fixture
def start_up(checkout: Path, tmp_path: Path) -> Iterator[StartUp]:
    """Starts `dev.py up` in the checkout; whatever a failed test left of it is ended."""
    started: list[RunningUp] = []

    def start(*options: str) -> RunningUp:
        started.append(RunningUp(checkout, tmp_path / f"up{len(started)}.log", *options))
        return started[-1]

    yield start
    for running in started:
        running.process.kill()
        running.nothing_is_left()


def test_a_newcomer_can_paste_the_request_and_leave_with_ctrl_c(start_up: StartUp, checkout: Path) -> None:
    """The job ends well, the portal is there, a second `up` is turned away, and no process stays."""
    running = start_up("--fresh")
    answer = subprocess.run(["sh", "-c", running.request()], stdout=subprocess.PIPE, text=True, check=True)
    api = Api(running.host, principal=None)  # `up` signs everybody in as its own user
    job_id = json.loads(answer.stdout)["id"]
    job = api.wait(job_id, within=60)
    assert job["status"] in {"Finished", "FinishedWithException"}
    assert job["counts"]["changed"] > 0
    assert job["createdBy"]["name"] == "Admin (local)"
    assert requests.get(f"{running.host}/portal/", timeout=10).status_code == 200
    assert {"azurite", "graph", "host"} <= {
        line.split("|")[0].strip() for line in running.output().splitlines()
    }
    assert "devstoreaccount1/" not in running.output()  # Azurite's request lines

    second = dev(checkout, "up", seconds=30)
    assert (second.returncode, second.stdout.count("\n")) == (1, 1)
    assert "another `up` runs" in second.stdout

    running.process.send_signal(signal.SIGINT)
    running.nothing_is_left()
    assert running.process.returncode == 0


def test_data_is_kept_unless_fresh_and_no_end_leaves_a_process(start_up: StartUp, checkout: Path) -> None:
    """The host is killed, then `up` itself; the storage stays until somebody wants it empty."""
    first = start_up("--fresh")
    with first.tables() as tables:
        tables.create_table("kept")
    first.service("local.host").kill()
    first.nothing_is_left()
    assert first.process.returncode == 1
    assert "dev.py: host ended with exit code 137: " in first.output().splitlines()[-1]

    second = start_up()
    with second.tables() as tables:
        assert "kept" in {table.name for table in tables.list_tables()}
    second.process.kill()
    second.nothing_is_left()

    third = start_up("--fresh")
    with third.tables() as tables:
        assert "kept" not in {table.name for table in tables.list_tables()}
    assert third.service("local.host").cmdline()[0] == str(Toolchain(checkout).python)
    third.process.terminate()
    third.nothing_is_left()
    assert third.process.returncode == 0
