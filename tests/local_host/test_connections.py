"""Connections from settings: strings, identity, and what is missing."""

import pytest
from azure.identity import DefaultAzureCredential, ManagedIdentityCredential

from local.host import connections
from local.host.connections import StorageConnections, connection_fault

DEVELOPMENT = "UseDevelopmentStorage=true"


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AzureWebJobsStorage", raising=False)


@pytest.mark.parametrize(
    ("settings", "connection", "queue_url"),
    [
        (
            {"AzureWebJobsStorage": DEVELOPMENT},
            "AzureWebJobsStorage",
            "http://127.0.0.1:10001/devstoreaccount1",
        ),
        ({"OTHER": DEVELOPMENT}, "OTHER", "http://127.0.0.1:10001/devstoreaccount1"),
        (
            {"AzureWebJobsOTHER": DEVELOPMENT, "OTHER": "x"},
            "OTHER",
            "http://127.0.0.1:10001/devstoreaccount1",
        ),
        (
            {"AzureWebJobsStorage__accountName": "acc"},
            "AzureWebJobsStorage",
            "https://acc.queue.core.windows.net",
        ),
        ({"OTHER__queueServiceUri": "https://q.test"}, "OTHER", "https://q.test"),
        ({"OTHER__serviceUri": "https://s.test"}, "OTHER", "https://s.test"),
        (
            {"AzureWebJobsStorage": DEVELOPMENT, "AzureWebJobsStorage__accountName": "acc"},
            "AzureWebJobsStorage",
            "http://127.0.0.1:10001/devstoreaccount1",
        ),
    ],
)
def test_queue_service(
    monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], connection: str, queue_url: str
) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    assert connection_fault(connection) is None
    clients = StorageConnections()
    assert clients.queue_service(connection).url.rstrip("/") == queue_url
    assert clients.queue_service(connection) is clients.queue_service(connection)


def test_blob_service(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AzureWebJobsStorage__blobServiceUri", "https://b.test")
    assert StorageConnections().blob_service().url.rstrip("/") == "https://b.test"
    monkeypatch.setenv("AzureWebJobsStorage", DEVELOPMENT)
    url = StorageConnections().blob_service().url
    assert url.rstrip("/") == "http://127.0.0.1:10000/devstoreaccount1"


def test_credential(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(connections._credential("X"), DefaultAzureCredential)
    monkeypatch.setenv("X__credential", "managedidentity")
    monkeypatch.setenv("X__clientId", "00000000-0000-4000-8000-000000000001")
    assert isinstance(connections._credential("X"), ManagedIdentityCredential)


@pytest.mark.parametrize(
    ("settings", "said"), [({}, "X__queueServiceUri"), ({"X": "not a string"}, "not a connection string")]
)
def test_what_is_missing_is_named(
    monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], said: str
) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    fault = connection_fault("X")
    assert fault is not None
    assert said in fault
    assert "not a string" not in fault  # it may hold a key
