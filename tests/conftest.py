"""Fixtures for tests that need real processes. Whatever is started here ends with the test run.

`system`: Azurite, the simulator and one host, shared by all tests, emptied and set back before each.
`start_system(settings, hosts=2, ...)`: a system of the module's own, for other settings or more hosts.
`azurite`, `graph`: one process each, for tests of the stores and of the Graph client without a host.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.azurite import Azurite, AzuriteMissingError
from tests.support.graph import GraphSimulator
from tests.support.host import Settings
from tests.support.process import ServiceProcess
from tests.support.system import System


@contextmanager
def needs_azurite() -> Iterator[None]:
    """Without Azurite a test is skipped on a laptop and fails where `CI` is set."""
    try:
        yield
    except AzuriteMissingError as missing:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def azurite_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azurite]:
    """Azurite in memory; for the fixture `azurite`."""
    with needs_azurite():
        azurite = Azurite(tmp_path_factory.mktemp("azurite") / "azurite.log")
    with azurite:
        yield azurite


@pytest.fixture
def azurite(azurite_process: Azurite) -> Azurite:
    """Azurite with empty tables and queues, and no host on it."""
    if not azurite_process.running:
        azurite_process.start()
    azurite_process.empty()
    return azurite_process


@pytest.fixture(scope="session")
def graph_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GraphSimulator]:
    """The simulator; for the fixture `graph`."""
    with GraphSimulator(tmp_path_factory.mktemp("graph") / "graph.log") as graph:
        yield graph


@pytest.fixture
def graph(graph_process: GraphSimulator) -> GraphSimulator:
    """The simulator with the default tenant, no faults, no latency."""
    if not graph_process.running:
        graph_process.start()
    graph_process.control.reset()
    return graph_process


class SystemStarter:
    """Starts systems that end with the module."""

    def __init__(self, folders: pytest.TempPathFactory, stack: ExitStack) -> None:
        self._folders = folders
        self._stack = stack

    def __call__(
        self, settings: Settings | None = None, *, hosts: int = 1, storage_folder: Path | None = None
    ) -> System:
        """See `System`."""
        with needs_azurite():
            system = System(
                self._folders.mktemp("system"), settings, hosts=hosts, storage_folder=storage_folder
            )
        return self._stack.enter_context(system)


@pytest.fixture(scope="module")
def start_system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SystemStarter]:
    """A factory of systems with settings of their own."""
    with ExitStack() as stack:
        yield SystemStarter(tmp_path_factory, stack)


@pytest.fixture(scope="session")
def system_processes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """The shared system; for the fixture `system`."""
    with ExitStack() as stack:
        yield SystemStarter(tmp_path_factory, stack)()


@pytest.fixture
def system(system_processes: System) -> System:
    """The shared system: nothing in storage, the default tenant."""
    system_processes.clean()
    return system_processes


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The tests of a file run in one worker: they share what they started. Other groups are named by a mark."""
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(item.nodeid.split("::")[0]))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """The logs of a test begin here."""
    for process in ServiceProcess.instances:
        process.mark_log()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
    """Show with a failed test what the processes that it used wrote meanwhile."""
    report: Any = yield
    if report.failed:
        used = set(getattr(item, "fixturenames", ()))
        if used & {"system", "start_system", "azurite", "graph"}:
            for process in ServiceProcess.instances:
                report.sections.append((f"end of the log of {process.name}", process.log_tail()))
    return report
