"""Azurite, as a process of the test run."""

from __future__ import annotations

from pathlib import Path
from typing import Self

import psutil
from azure.data.tables import TableServiceClient
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueServiceClient

from local.up.azurite import StoragePorts, command
from local.up.toolchain import Toolchain
from tests.support.process import ROOT, ServiceProcess

HOST_CONTAINER = "azure-webjobs-hosts"


class AzuriteMissingError(Exception):
    """Azurite is not installed; `python dev.py setup` installs it."""


class Azurite(ServiceProcess):
    """Azurite on free ports, in memory unless `folder` is given.

    `stop` and `restart` end it by SIGTERM, since it loses acknowledged writes otherwise.
    """

    def __init__(self, log: Path, folder: Path | None = None) -> None:
        installed = Toolchain(ROOT).azurite()
        if installed is None:
            raise AzuriteMissingError("Azurite is not installed: run `python dev.py setup`")
        self.ports = StoragePorts.free()
        line = command(installed, self.ports, folder, log_requests=False)
        super().__init__("azurite", line, self._is_ours, log)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self.stop()

    @property
    def connection_string(self) -> str:
        """For `AzureWebJobsStorage` and the storage clients."""
        return self.ports.connection_string()

    def _is_ours(self) -> bool:
        """It answers, and it is our own process that listens: a stranger's data must not be emptied."""
        if not self.ports.answer():
            return False
        listening = {
            c.laddr.port for c in psutil.Process(self.pid).net_connections("tcp") if c.status == "LISTEN"
        }
        return {self.ports.blob, self.ports.queue, self.ports.table} <= listening

    def empty(self) -> None:
        """Make it as the app left it right after its start: tables and queues there, with nothing in them.

        Faster than a restart, and hosts on it go on. Containers of the host keep the locks and timers.
        """
        with TableServiceClient.from_connection_string(self.connection_string) as tables:
            for table in list(tables.list_tables()):
                tables.delete_table(table.name)
                tables.create_table(table.name)
        with QueueServiceClient.from_connection_string(self.connection_string) as queues:
            for queue in queues.list_queues():
                queues.get_queue_client(queue.name).clear_messages()
        with BlobServiceClient.from_connection_string(self.connection_string) as blobs:
            for container in blobs.list_containers():
                if container.name != HOST_CONTAINER:
                    client = blobs.get_container_client(container.name)
                    for blob in client.list_blobs():
                        client.delete_blob(blob.name, delete_snapshots="include")
