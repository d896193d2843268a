"""Azurite's command line, connection string and readiness."""

from dataclasses import dataclass
from pathlib import Path

from local.up import answers
from local.up.ports import LOOPBACK, free_ports

ACCOUNT = "devstoreaccount1"
# Published by Microsoft for the emulators, the same everywhere, and worthless on Azure.
# https://learn.microsoft.com/azure/storage/common/storage-connect-azurite
ACCOUNT_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="

# Ctrl-Break is Windows' only polite signal for a background process; Azurite saves its data on SIGINT alone.
_BREAK_MEANS_INTERRUPT = "data:text/javascript,process.on('SIGBREAK',()=>process.emit('SIGINT'))"


@dataclass(frozen=True)
class StoragePorts:
    """The ports of the three services."""

    blob: int
    queue: int
    table: int

    @classmethod
    def free(cls) -> "StoragePorts":
        """Three ports that nobody listens on."""
        return cls(*free_ports(3))

    def urls(self) -> dict[str, str]:
        """Service name to the address of the account."""
        ports = {"blob": self.blob, "queue": self.queue, "table": self.table}
        return {service: f"http://{LOOPBACK}:{port}/{ACCOUNT}" for service, port in ports.items()}

    def connection_string(self) -> str:
        """For `AzureWebJobsStorage` and the storage clients."""
        urls = self.urls()
        return (
            f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={ACCOUNT_KEY};"
            f"BlobEndpoint={urls['blob']};QueueEndpoint={urls['queue']};TableEndpoint={urls['table']};"
        )

    def answer(self) -> bool:
        """Whether Azurite answers on all three. It refuses the unsigned request, under its own name."""
        servers = (answers.header(f"{url}?comp=list", "Server") for url in self.urls().values())
        return all(server is not None and server.startswith("Azurite") for server in servers)


def command(
    azurite: tuple[str, str], ports: StoragePorts, folder: Path | None, *, log_requests: bool
) -> list[str]:
    """The command line: data in `folder`, or in memory without one; `azurite` is Node.js and the script."""
    node, script = azurite
    line = [node, "--import", _BREAK_MEANS_INTERRUPT, script]
    for service in ("blob", "queue", "table"):
        line += [f"--{service}Host", LOOPBACK, f"--{service}Port", str(getattr(ports, service))]
    # The storage clients ask for an API version that this Azurite does not know yet.
    line += ["--skipApiVersionCheck", "--disableTelemetry"]
    line += ["--inMemoryPersistence"] if folder is None else ["--location", str(folder)]
    return line if log_requests else [*line, "--silent"]
