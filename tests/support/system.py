"""Azurite, the simulator and one or more hosts that work together."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from tests.support.api import Api
from tests.support.azurite import Azurite
from tests.support.graph import GraphControl, GraphSimulator
from tests.support.host import Host, Settings, settings_for
from tests.support.process import ServiceProcess


class System:
    """A whole system of its own, so that no other host takes its messages.

    `settings` are added to the test settings (None unsets one); `hosts` share the storage, as instances on
    Azure do; `storage_folder` keeps the data over a restart of Azurite. Logs go to `folder`.
    """

    def __init__(
        self,
        folder: Path,
        settings: Settings | None = None,
        *,
        hosts: int = 1,
        storage_folder: Path | None = None,
    ) -> None:
        self.azurite = Azurite(folder / "azurite.log", storage_folder)
        self.graph = GraphSimulator(folder / "graph.log")
        env = settings_for(self.azurite.connection_string, self.graph.base_url, settings or {})
        self.hosts = [Host(env, folder / f"host{n}.log", name=f"host{n}") for n in range(1, hosts + 1)]

    def __enter__(self) -> Self:
        try:
            self.azurite.start(wait=False)
            self.graph.start(wait=False)
            self.azurite.wait_until_ready()
            self.graph.wait_until_ready()
            for host in self.hosts:
                host.start(wait=False)
            for host in self.hosts:
                host.wait_until_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_exc: object) -> None:
        self.stop()

    @property
    def processes(self) -> list[ServiceProcess]:
        """All of them, in the order in which they have to end."""
        return [*self.hosts, self.graph, self.azurite]

    @property
    def host(self) -> Host:
        """The first host."""
        return self.hosts[0]

    @property
    def api(self) -> Api:
        """The API of the first host, as the manager sees it."""
        return self.host.api

    @property
    def control(self) -> GraphControl:
        """The simulator's control."""
        return self.graph.control

    def clean(self, tenant: str = "default") -> None:
        """Take up what a test ended, then empty storage and set the tenant back."""
        for process in reversed(self.processes):
            if not process.running:
                process.start()
        self.control.reset(tenant)
        self.azurite.empty()

    def stop(self) -> None:
        """End everything, hosts first."""
        for process in self.processes:
            process.stop()
