"""A system whose hosts can be ended at a chosen step, with a proxy before its storage."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

from tests.crash.tripwire import KILLED
from tests.support.host import Host, Settings, settings_for
from tests.support.process import ROOT
from tests.support.storage_proxy import StorageProxy
from tests.support.system import System

FUNCTION_APP = '''"""The real app, with wires that end the host where a test wants it."""

import importlib.util
import os

from tests.crash import without
from tests.crash.tripwire import set_up

set_up()
without.take_out(os.environ.get("CRASH_WITHOUT", ""))
spec = importlib.util.spec_from_file_location("real_function_app", os.environ["CRASH_APP"])
real = importlib.util.module_from_spec(spec)
spec.loader.exec_module(real)
app = real.app
'''


def app_folder(folder: Path) -> Path:
    """A folder that the host can run, in `folder`."""
    folder.mkdir()
    (folder / "function_app.py").write_text(FUNCTION_APP, encoding="utf-8")
    shutil.copy(ROOT / "host.json", folder)
    return folder


class CrashSystem(System):
    """`proxied`: the hosts reach storage through `proxy`. `storage_folder` keeps it over a restart.

    `ended` are jobs of earlier tests, whose last calls are not counted.
    """

    def __init__(
        self,
        folder: Path,
        settings: Settings | None = None,
        *,
        hosts: int = 1,
        proxied: bool = False,
        storage_folder: Path | None = None,
        seed: int = 1,
    ) -> None:
        super().__init__(folder, settings, hosts=0, storage_folder=storage_folder)
        self.orders = folder / "orders.json"
        self.ended: list[str] = []
        self.proxy = StorageProxy(self.azurite.ports, seed)
        self._proxied = proxied
        app = app_folder(folder / "app")
        storage = self.proxy.connection_string if proxied else self.azurite.connection_string
        own: Mapping[str, str | None] = {
            "CRASH_ORDERS": str(self.orders),
            "CRASH_APP": str(ROOT / "function_app.py"),
            "LOCAL_QUEUE_LEASE_SECONDS": "1",
            "RETRY_DELAY_SECONDS": "0.5",
            **(settings or {}),
        }
        env = settings_for(storage, self.graph.base_url, own)
        self.hosts = [
            Host(env, folder / f"host{n}.log", app=app, name=f"host{n}") for n in range(1, hosts + 1)
        ]

    def __enter__(self) -> CrashSystem:
        if self._proxied:
            self.proxy.__enter__()
        super().__enter__()
        return self

    def stop(self) -> None:
        """As the base class, and the proxy last."""
        super().stop()
        if self._proxied:
            self.proxy.__exit__()

    def kill_at(self, point: str, call: int = 1, when: str = "after") -> None:
        """The host that makes that call of that method ends there."""
        whole = json.dumps({"point": point, "call": call, "when": when, "except": self.ended})
        draft = self.orders.with_suffix(".draft")
        draft.write_text(whole, encoding="utf-8")
        draft.replace(self.orders)  # never seen half-written

    def start_again(self, within: float = 60.0) -> None:
        """Wait until the first host was ended by its wire, then start it."""
        assert self.host.wait_for_end(within) == KILLED, self.host.log_tail()
        self.host.start()
