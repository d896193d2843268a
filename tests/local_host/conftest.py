"""Small apps run by the local host, as real processes on a real Azurite."""

import json
import os
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueClient

from tests.support.azurite import Azurite
from tests.support.host import Host
from tests.support.process import ROOT

APPS = Path(__file__).with_name("apps")
QUEUE_OPTIONS = {
    "batchSize": 4,
    "newBatchThreshold": 2,
    "maxPollingInterval": "00:00:00.2",
    "visibilityTimeout": "00:00:00",
    "maxDequeueCount": 2,
}


class AppRun:
    """An app of tests/local_host/apps in a folder of its own, with a queue `%QUEUE%` and an Azurite.

    `hosts(n)` are processes that run it; `settings` are the environment on top of the usual."""

    def __init__(
        self,
        name: str,
        folder: Path,
        azurite: Azurite,
        settings: Mapping[str, str],
        host_json: Mapping[str, Any],
    ) -> None:
        self.folder = folder
        self.azurite = azurite
        self.queue_name = f"q{uuid.uuid4().hex[:20]}"
        (folder / "function_app.py").write_text((APPS / f"{name}.py").read_text(encoding="utf-8"))
        extensions = {"http": {"routePrefix": ""}, "queues": QUEUE_OPTIONS}
        (folder / "host.json").write_text(
            json.dumps({"version": "2.0", "extensions": extensions, **host_json})
        )
        self.env = {
            **{key: value for key, value in os.environ.items() if not key.startswith(("LOCAL_", "WEBSITE_"))},
            "PYTHONPATH": str(ROOT),
            "AzureWebJobsStorage": azurite.connection_string,
            "QUEUE": self.queue_name,
            "JOURNAL": str(folder / "journal.txt"),
            **settings,
        }
        self.host = self.new_host("host")

    def new_host(self, name: str, **settings: str) -> Host:
        return Host({**self.env, **settings}, self.folder / f"{name}.log", app=self.folder, name=name)

    def journal(self) -> list[dict[str, Any]]:
        """What the app wrote, one JSON object per line; a line that is still being written is left out."""
        path = Path(self.env["JOURNAL"])
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True) if path.exists() else []
        return [json.loads(line) for line in lines if line.endswith("\n")]

    def queue(self, suffix: str = "") -> QueueClient:
        """The queue, or its poison queue by the suffix `-poison`; not made here."""
        return QueueClient.from_connection_string(self.azurite.connection_string, self.queue_name + suffix)

    def blobs(self) -> BlobServiceClient:
        return BlobServiceClient.from_connection_string(self.azurite.connection_string)


StartApp = Callable[..., AppRun]


@pytest.fixture(scope="module")
def make_app(tmp_path_factory: pytest.TempPathFactory, azurite_process: Azurite) -> Iterator[StartApp]:
    """`make_app("queues", start=True, host_json={...}, SETTING="x")`; all its hosts end with the module."""
    with ExitStack() as stack:

        def make(
            name: str, *, start: bool = True, host_json: Mapping[str, Any] | None = None, **settings: str
        ) -> AppRun:
            if not azurite_process.running:
                azurite_process.start()
            run = AppRun(name, tmp_path_factory.mktemp(name), azurite_process, settings, host_json or {})
            stack.callback(run.host.stop)
            if start:
                run.host.start()
            return run

        yield make
