"""What `dev.py up` starts: ports, settings and the request that it shows."""

import json
import shlex
import socket
from collections.abc import Iterator

import pytest

from local.up import up as up_module
from local.up.azurite import StoragePorts
from local.up.example import curl
from local.up.ports import free_ports, is_free
from local.up.services import Addresses, host_settings
from local.up.up import UpError, UpOptions, choose_addresses

ADDRESSES = Addresses(1, 2, StoragePorts(3, 4, 5))


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_port_that_was_asked_for_and_is_taken_is_refused(taken: int) -> None:
    """Rather than another one chosen in silence."""
    for options in (UpOptions(port=taken), UpOptions(graph_port=taken), UpOptions(table_port=taken)):
        with pytest.raises(UpError, match=f"port {taken} is taken"):
            choose_addresses(options)


def test_a_port_given_twice_is_refused() -> None:
    """Two services cannot share it."""
    (port,) = free_ports(1)
    with pytest.raises(UpError, match=f"port {port} is given twice"):
        choose_addresses(UpOptions(port=port, blob_port=port))


def test_usual_ports_give_way_where_they_are_taken(taken: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Or asked for by another service; all ports are different and free."""
    (usual,) = free_ports(1)
    monkeypatch.setattr(up_module, "HOST_PORT", taken)
    monkeypatch.setattr(up_module, "GRAPH_PORT", usual)
    chosen = choose_addresses(UpOptions())
    assert chosen.graph_port == usual
    assert chosen.host_port != taken
    given_away = choose_addresses(UpOptions(queue_port=usual))
    assert given_away.storage.queue == usual
    for addresses in (chosen, given_away):
        storage = addresses.storage
        ports = [addresses.host_port, addresses.graph_port, storage.blob, storage.queue, storage.table]
        assert len(set(ports)) == 5
        assert all(map(is_free, ports))


def test_the_environment_changes_clocks_but_never_leads_to_a_real_tenant() -> None:
    """A terminal may still hold the settings of one."""
    real = {
        "AzureWebJobsStorage": "DefaultEndpointsProtocol=https;AccountName=contoso;AccountKey=key",
        "GRAPH_ENDPOINT": "https://graph.microsoft.com/v1.0",
        "GRAPH_AUTH": "clientSecret",
        "IDENTITY_ENDPOINT": "http://169.254.169.254/msi/token",
        "EXPIRY_SCHEDULE": "0 0 * * * *",
    }
    settings = host_settings(ADDRESSES, real)
    assert settings["AzureWebJobsStorage"] == ADDRESSES.storage.connection_string()
    assert settings["GRAPH_ENDPOINT"] == "http://127.0.0.1:2/v1.0"
    assert settings["GRAPH_AUTH"] == "managedIdentity"
    assert settings["IDENTITY_ENDPOINT"] == "http://127.0.0.1:2/msi/token"
    assert settings["EXPIRY_SCHEDULE"] == "0 0 * * * *"
    assert settings["RETRY_SCHEDULE"] == "*/10 * * * * *"


def test_the_request_shown_survives_a_shell() -> None:
    """The body reaches curl as it is."""
    body: dict[str, object] = {"action": "assign", "groupIds": ["a", "b"], "note": 'say "x"'}
    words = shlex.split(curl("http://127.0.0.1:7071/api/jobs", body))
    assert words[:5] == ["curl", "-sS", "-X", "POST", "http://127.0.0.1:7071/api/jobs"]
    assert json.loads(words[-1]) == body
