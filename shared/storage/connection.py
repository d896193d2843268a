"""One set of storage clients a process, from a connection string or an identity.

Settings as Azure Functions reads them itself
(https://learn.microsoft.com/azure/azure-functions/functions-reference#connecting-to-host-storage-with-an-identity).
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from xml.etree.ElementTree import ParseError

from azure.core.credentials import TokenCredential
from azure.core.exceptions import (
    AzureError,
    DecodeError,
    HttpResponseError,
    IncompleteReadError,
    ResourceExistsError,
    ServiceRequestError,
    ServiceResponseError,
)
from azure.core.pipeline.transport import RequestsTransport
from azure.data.tables import TableClient, TableServiceClient
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueClient, QueueServiceClient, TextBase64EncodePolicy
from requests.adapters import HTTPAdapter
from urllib3 import Retry

from shared.errors import StorageUnavailable
from shared.sessions import SteadySession

TABLES = ("jobs", "jobindex", "work", "grants", "audit", "support", "events")
QUEUES = ("license-jobs", "license-groups", "license-chunks", "license-events")
EXPORT_CONTAINER = "license-exports"

# Short enough that a request over HTTP can still say 503 in time; the queue brings the rest back.
_CLIENT_OPTIONS: dict[str, Any] = {
    "connection_timeout": 3,
    "read_timeout": 15,
    "retry_total": 2,
    "retry_backoff_factor": 0.3,
    "retry_backoff_max": 2,
    "initial_backoff": 1,
    "increment_base": 1,
    "logging_enable": False,
}


_NO_RETRIES = Retry(total=False, redirect=False, raise_on_status=False)
"""Of urllib3, as the SDK sets them for sessions of its own: it repeats requests by itself."""


@dataclass(frozen=True, slots=True)
class StorageSettings:
    """Either `connection_string`, or one URL a service and optionally the client id of a user-assigned identity."""

    connection_string: str | None = field(default=None, repr=False)
    table_url: str | None = None
    queue_url: str | None = None
    blob_url: str | None = None
    identity_client_id: str | None = None
    managed_identity: bool = False


class CountingTransport(RequestsTransport):  # type: ignore[misc]  # exported lazily, so untyped
    """Counts requests as they leave, by service and verb; retries of the SDK count too."""

    def __init__(self, service: str, counts: "Counter[str]", lock: threading.Lock) -> None:
        session = SteadySession()
        for scheme in ("https://", "http://"):
            session.mount(scheme, HTTPAdapter(max_retries=_NO_RETRIES))
        super().__init__(session=session)
        self._service = service
        self._counts = counts
        self._count_lock = lock

    def send(self, request: Any, **options: Any) -> Any:
        with self._count_lock:
            self._counts[f"{self._service} {request.method}"] += 1
        return super().send(request, **options)


class Storage:
    """The clients. Tables, queues and the container for exports are created on first use."""

    def __init__(self, settings: StorageSettings) -> None:
        self.requests: Counter[str] = Counter()
        self._count_lock = threading.Lock()
        self._ensure_lock = threading.Lock()
        self._ensured = False
        self._tables: dict[str, TableClient] = {}
        self._queues: dict[str, QueueClient] = {}
        credential = None if settings.connection_string else _credential(settings)
        self.table_service = self._table_service(settings, credential)
        self.queue_service = self._queue_service(settings, credential)
        self.blob_service = self._blob_service(settings, credential)

    def table(self, name: str) -> TableClient:
        """The client of a table that exists.

        Raises:
            StorageUnavailable: the table cannot be made sure of.
        """
        self.ensure()
        if name not in self._tables:
            self._tables[name] = self.table_service.get_table_client(name)
        return self._tables[name]

    def queue(self, name: str) -> QueueClient:
        """The client of a queue that exists.

        The host decodes base64 unless told otherwise; the SDK sends plain text unless each client is told so.

        Raises:
            StorageUnavailable: the queue cannot be made sure of.
        """
        self.ensure()
        if name not in self._queues:
            encode = TextBase64EncodePolicy()
            self._queues[name] = self.queue_service.get_queue_client(name, message_encode_policy=encode)
        return self._queues[name]

    def ensure(self) -> None:
        """Create what is missing, once a process.

        Raises:
            StorageUnavailable: Storage does not answer; the next call tries again.
        """
        if self._ensured:
            return
        with self._ensure_lock:
            if self._ensured:
                return
            with storage_errors():
                for table in TABLES:
                    self.table_service.create_table_if_not_exists(table)
                for queue in QUEUES:
                    for name in (queue, f"{queue}-poison"):
                        _unless_there(partial(self.queue_service.create_queue, name))
                _unless_there(partial(self.blob_service.create_container, EXPORT_CONTAINER))
            self._ensured = True

    def _options(self, service: str) -> dict[str, Any]:
        return {
            **_CLIENT_OPTIONS,
            "transport": CountingTransport(service, self.requests, self._count_lock),
        }

    def _table_service(
        self, settings: StorageSettings, credential: TokenCredential | None
    ) -> TableServiceClient:
        options = self._options("table")
        if settings.connection_string:
            return TableServiceClient.from_connection_string(settings.connection_string, **options)
        return TableServiceClient(endpoint=str(settings.table_url), credential=credential, **options)

    def _queue_service(
        self, settings: StorageSettings, credential: TokenCredential | None
    ) -> QueueServiceClient:
        options = self._options("queue")
        if settings.connection_string:
            return QueueServiceClient.from_connection_string(settings.connection_string, **options)
        return QueueServiceClient(account_url=str(settings.queue_url), credential=credential, **options)

    def _blob_service(
        self, settings: StorageSettings, credential: TokenCredential | None
    ) -> BlobServiceClient:
        options = self._options("blob")
        if settings.connection_string:
            return BlobServiceClient.from_connection_string(settings.connection_string, **options)
        return BlobServiceClient(account_url=str(settings.blob_url), credential=credential, **options)


@contextmanager
def storage_errors() -> Iterator[None]:
    """Turn 'Storage is away' into StorageUnavailable; answers that mean something (404, 409, 412) pass.

    Raises:
        StorageUnavailable: no answer, a broken one, 429 or 5xx, or the credential could not be had.
    """
    try:
        yield
    except (ServiceRequestError, ServiceResponseError, IncompleteReadError, DecodeError, ParseError) as error:
        raise StorageUnavailable from error
    except AttributeError as error:
        # azure-data-tables 12.7 trips over an answer that was cut off while it looks for the error's code in it.
        if isinstance(error.__context__, AzureError):
            raise StorageUnavailable from error
        raise
    except HttpResponseError as error:
        if error.status_code is None or error.status_code in (408, 429) or error.status_code >= 500:
            raise StorageUnavailable from error
        raise
    except AzureError as error:
        raise StorageUnavailable from error


def _unless_there(create: Callable[[], object]) -> None:
    try:
        create()
    except ResourceExistsError:
        return


def _credential(settings: StorageSettings) -> TokenCredential:
    # Imported here: it costs a tenth of a second at cold start and a connection string never needs it.
    from azure.identity import DefaultAzureCredential, ManagedIdentityCredential

    if settings.managed_identity or settings.identity_client_id:
        return ManagedIdentityCredential(client_id=settings.identity_client_id)
    return DefaultAzureCredential()
