"""Storage clients for the connections that bindings name.

A connection `X` is `AzureWebJobsX` or `X`; its value is a connection string (`UseDevelopmentStorage=true`
included), otherwise `X__queueServiceUri`, `X__blobServiceUri`, `X__serviceUri` or, for AzureWebJobsStorage,
`X__accountName` make an identity-based connection. A string wins over identity settings.
"""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from azure.storage.blob import BlobServiceClient
    from azure.storage.queue import QueueServiceClient

Service = Literal["queue", "blob"]
HOST_STORAGE = "AzureWebJobsStorage"

# The host retries by itself, where it can wait without holding a thread.
_TIMEOUTS: Mapping[str, Any] = {"connection_timeout": 5, "read_timeout": 30, "retry_total": 0}


class StorageConnections:
    """Makes one service client per connection and keeps it, so that connections to the server are reused."""

    def __init__(self) -> None:
        self._queue_services: dict[str, QueueServiceClient] = {}
        self._blob_service: BlobServiceClient | None = None

    def queue_service(self, connection: str) -> "QueueServiceClient":
        from azure.storage.queue import QueueServiceClient  # an app without queues does not pay for it

        client = self._queue_services.get(connection)
        if client is None:
            text = _connection_string(connection)
            if text:
                client = QueueServiceClient.from_connection_string(text, **_TIMEOUTS)
            else:
                url, credential = _service_url(connection, "queue"), _credential(connection)
                client = QueueServiceClient(url, credential=credential, **_TIMEOUTS)
            self._queue_services[connection] = client
        return client

    def blob_service(self) -> "BlobServiceClient":
        """Blobs of the host's own storage, where locks and timers are."""
        from azure.storage.blob import BlobServiceClient

        if self._blob_service is None:
            text = _connection_string(HOST_STORAGE)
            if text:
                self._blob_service = BlobServiceClient.from_connection_string(text, **_TIMEOUTS)
            else:
                url, credential = _service_url(HOST_STORAGE, "blob"), _credential(HOST_STORAGE)
                self._blob_service = BlobServiceClient(url, credential=credential, **_TIMEOUTS)
        return self._blob_service


def connection_fault(connection: str, service: Service = "queue") -> str | None:
    """What is wrong with a connection's settings, None if it can be used."""
    text = _connection_string(connection)
    if not text and not _service_url(connection, service):
        return f"the connection needs the app setting {connection} (or {connection}__{service}ServiceUri)"
    if text and "=" not in text:
        return f"the app setting {connection} is not a connection string"
    return None


def _setting(connection: str, suffix: str = "") -> str:
    for name in (f"AzureWebJobs{connection}{suffix}", f"{connection}{suffix}"):
        if value := os.environ.get(name, "").strip():
            return value
    return ""


def _connection_string(connection: str) -> str:
    return _setting(connection)


def _service_url(connection: str, service: Service) -> str:
    url = _setting(connection, f"__{service}ServiceUri") or _setting(connection, "__serviceUri")
    account = _setting(connection, "__accountName") if connection == HOST_STORAGE else ""
    return url or (f"https://{account}.{service}.core.windows.net" if account else "")


def _credential(connection: str) -> Any:
    from azure.identity import DefaultAzureCredential, ManagedIdentityCredential

    client_id = _setting(connection, "__clientId") or None
    if _setting(connection, "__credential").lower() == "managedidentity":
        return ManagedIdentityCredential(client_id=client_id)
    return DefaultAzureCredential(managed_identity_client_id=client_id)
