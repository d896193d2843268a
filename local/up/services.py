"""What makes up the local system, and the settings under which the app runs in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from local.up import answers, azurite
from local.up.ports import LOOPBACK
from local.up.session import Service
from local.up.toolchain import Toolchain

# What a developer may set otherwise: in the environment of `dev.py up`.
DEFAULTS = {
    "AUTH_MODE": "entra",
    "TENANT_ID": "5f0e7a52-6c1b-4f0c-9a83-2d1b7f3c9e10",
    "LOCAL_USER": "Admin (local);Licenses.Manage",
    "RETRY_SCHEDULE": "*/10 * * * * *",
    "EXPIRY_SCHEDULE": "0 * * * * *",
    "LOCAL_QUEUE_LEASE_SECONDS": "60",
}


@dataclass(frozen=True)
class Addresses:
    """Where everything listens."""

    host_port: int
    graph_port: int
    storage: azurite.StoragePorts

    @property
    def host(self) -> str:
        """The app."""
        return f"http://{LOOPBACK}:{self.host_port}"

    @property
    def graph(self) -> str:
        """The simulator."""
        return f"http://{LOOPBACK}:{self.graph_port}"


def host_settings(addresses: Addresses, environment: Mapping[str, str]) -> dict[str, str]:
    """The app's environment.

    Storage, Graph and the sign-in to it are always the local ones: settings of a real tenant that were left
    over in the terminal must not lead to changes there.
    """
    return {
        **DEFAULTS,
        **environment,
        "AzureWebJobsStorage": addresses.storage.connection_string(),
        "GRAPH_ENDPOINT": f"{addresses.graph}/v1.0",
        "GRAPH_AUTH": "managedIdentity",
        "IDENTITY_ENDPOINT": f"{addresses.graph}/msi/token",
        "IDENTITY_HEADER": "local",
        "PYTHONUNBUFFERED": "1",
    }


def services(
    toolchain: Toolchain, addresses: Addresses, data: Path, environment: Mapping[str, str], *, verbose: bool
) -> tuple[Service, Service, Service]:
    """Azurite, the simulator and the host, in the order in which they are needed."""
    installed = toolchain.azurite()
    if installed is None:
        raise RuntimeError("Azurite is installed before anything is started")
    python = [str(toolchain.python), "-m"]
    return (
        Service(
            "azurite",
            azurite.command(installed, addresses.storage, data, log_requests=verbose),
            addresses.storage.answer,
        ),
        Service(
            "graph",
            [*python, "local.graph", "--port", str(addresses.graph_port)],
            lambda: answers.is_ok(f"{addresses.graph}/_control/stats"),
            {**environment, "PYTHONUNBUFFERED": "1"},
        ),
        Service(
            "host",
            [*python, "local.host", "--port", str(addresses.host_port)],
            lambda: answers.is_ok(f"{addresses.host}/api/health"),
            host_settings(addresses, environment),
        ),
    )
