"""The local Functions host with the app, as a process of the test run."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from local.up import answers
from local.up.ports import LOOPBACK, free_ports
from tests.support.api import Api
from tests.support.process import ROOT, ServiceProcess

Settings = Mapping[str, str | None]

# Fast clocks, so that a test need not wait for what an administrator would wait minutes for.
TEST_SETTINGS: Settings = {
    "AUTH_MODE": "entra",
    "WEBSITE_AUTH_ENABLED": "true",
    "GRAPH_AUTH": "managedIdentity",
    "IDENTITY_HEADER": "local",
    "TENANT_ID": "00000000-0000-4000-8000-00000000007e",
    "RETRY_SCHEDULE": "* * * * * *",
    "EXPIRY_SCHEDULE": "* * * * * *",
    "RETRY_DELAY_SECONDS": "1",
    "GRAPH_READ_DELAY_SECONDS": "1",
    "SUBMITS_PER_MINUTE": "100000",
    "LOCAL_QUEUE_LEASE_SECONDS": "5",
}


def settings_for(connection_string: str, graph_url: str, overrides: Settings) -> dict[str, str]:
    """The whole environment of a host: this process's, the test settings, the overrides (None unsets)."""
    settings = {
        **TEST_SETTINGS,
        "AzureWebJobsStorage": connection_string,
        "GRAPH_ENDPOINT": f"{graph_url}/v1.0",
        "IDENTITY_ENDPOINT": f"{graph_url}/msi/token",
        **overrides,
    }
    env: dict[str, str | None] = {**os.environ, **settings}
    return {name: value for name, value in env.items() if value is not None}


class Host(ServiceProcess):
    """`python -m local.host` on a free port; `app` is the folder of its `function_app.py` and `host.json`."""

    def __init__(self, env: Mapping[str, str], log: Path, *, app: Path = ROOT, name: str = "host") -> None:
        (port,) = free_ports(1)
        self.base_url = f"http://{LOOPBACK}:{port}"
        line = [sys.executable, "-m", "local.host", "--port", str(port), "--app", str(app)]
        super().__init__(name, line, lambda: answers.is_ok(f"{self.base_url}/api/health"), log, env=env)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self.stop()

    @property
    def api(self) -> Api:
        """The API as the manager sees it."""
        return Api(self.base_url)
