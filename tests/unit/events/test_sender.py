"""Where a callback may go: checked addresses of allowed hosts, with a trusted certificate, and nowhere else."""

from __future__ import annotations

import ipaddress
import json
import socket
from collections.abc import Iterator

import pytest

from shared.events import sender
from shared.events.sender import CallbackFailed, CallbackSender, Reply, may_call
from tests.support.receiver import Receiver

LISTED = frozenset(
    {"hooks.example", "hooks.example:8443", "10.0.0.5:8443", "localhost:8443", "[fd00::5]:8443"}
)


@pytest.mark.parametrize(
    ("host", "port", "address", "allowed"),
    [
        ("hooks.example", 443, "93.184.216.34", True),
        ("hooks.example", 443, "2606:2800:220:1:248:1893:25c8:1946", True),
        ("hooks.example", 443, "127.0.0.1", False),
        ("hooks.example", 8443, "127.0.0.1", False),
        ("hooks.example", 443, "10.1.2.3", False),
        ("hooks.example", 443, "172.16.0.1", False),
        ("hooks.example", 443, "192.168.1.1", False),
        ("hooks.example", 443, "169.254.169.254", False),
        ("hooks.example", 443, "168.63.129.16", False),
        ("hooks.example", 443, "100.64.0.1", False),
        ("hooks.example", 443, "0.0.0.0", False),  # noqa: S104 - refused
        ("hooks.example", 443, "224.0.0.1", False),
        ("hooks.example", 443, "255.255.255.255", False),
        ("hooks.example", 443, "::1", False),
        ("hooks.example", 443, "fe80::1", False),
        ("hooks.example", 443, "fd00::5", False),
        ("hooks.example", 443, "::ffff:127.0.0.1", False),
        ("hooks.example", 443, "::ffff:10.0.0.1", False),
        ("hooks.example", 443, "64:ff9b::a00:1", False),
        ("hooks.example", 443, "2002:a00:1::1", False),
        ("10.0.0.5", 8443, "10.0.0.5", True),
        ("10.0.0.5", 443, "10.0.0.5", False),
        ("fd00::5", 8443, "fd00::5", True),
        ("localhost", 8443, "127.0.0.1", True),
        ("localhost", 8443, "::1", True),
        ("localhost", 8443, "10.0.0.1", False),
        ("localhost", 443, "127.0.0.1", False),
    ],
)
def test_addresses(host: str, port: int, address: str, allowed: bool) -> None:
    assert may_call(host, port, ipaddress.ip_address(address), LISTED) is allowed


@pytest.fixture(scope="module")
def receiver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Receiver]:
    with Receiver(tmp_path_factory.mktemp("receiver")) as receiver:
        yield receiver


@pytest.fixture(autouse=True)
def trusted(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(receiver.authority))


def calling(receiver: Receiver, *addresses: str, host: str = "localhost") -> CallbackSender:
    return CallbackSender(frozenset({f"{host}:{receiver.port}"}), lambda _host, _port: list(addresses))


def test_the_message_arrives_as_it_is(receiver: Receiver) -> None:
    sent = calling(receiver, "127.0.0.1").post(receiver.url("/a?b=c"), b'{"a": 1}', {"X-Sign": "s"})
    assert sent == Reply(200)
    (received,) = receiver.at("/a?b=c")
    assert json.loads(received.body) == {"a": 1}
    assert received.headers["Host"] == f"localhost:{receiver.port}"
    assert (received.headers["Content-Type"], received.headers["X-Sign"]) == ("application/json", "s")


def test_it_tells_status_and_retry_after(receiver: Receiver) -> None:
    receiver.answers["/busy"] = [(503, {"Retry-After": "7"})]
    assert calling(receiver, "127.0.0.1").post(receiver.url("/busy"), b"", {}) == Reply(503, 7)


@pytest.mark.parametrize("addresses", [("93.184.216.34", "10.0.0.1"), ("10.0.0.1",), ("169.254.169.254",)])
def test_one_private_address_is_enough_to_refuse(receiver: Receiver, addresses: tuple[str, ...]) -> None:
    url = f"https://hooks.example:{receiver.port}/x"
    with pytest.raises(CallbackFailed, match="not public") as failed:
        calling(receiver, *addresses, host="hooks.example").post(url, b"", {})
    assert failed.value.lasting


def test_a_name_that_resolves_anew_is_not_asked_again(receiver: Receiver) -> None:
    asked: list[str] = []

    def rebinding(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["169.254.169.254"]

    CallbackSender(frozenset({f"localhost:{receiver.port}"}), rebinding).post(receiver.url("/once"), b"", {})
    assert asked == ["localhost"]
    assert len(receiver.at("/once")) == 1


def test_a_certificate_of_another_name_is_refused(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "may_call", lambda *_: True)
    url = f"https://other.example:{receiver.port}/x"
    with pytest.raises(CallbackFailed, match="certificate"):
        calling(receiver, "127.0.0.1", host="other.example").post(url, b"", {})


def test_a_certificate_of_an_unknown_authority_is_refused(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    with pytest.raises(CallbackFailed, match="certificate") as failed:
        calling(receiver, "127.0.0.1").post(receiver.url("/untrusted"), b"", {})
    assert not failed.value.lasting


def test_a_redirect_is_an_answer(receiver: Receiver) -> None:
    receiver.answers["/moved"] = [(307, {"Location": receiver.url("/there")})]
    assert calling(receiver, "127.0.0.1").post(receiver.url("/moved"), b"", {}).status == 307
    assert receiver.at("/there") == []


def test_a_url_that_may_not_be_called_is_not_resolved() -> None:
    def no_resolving(_host: str, _port: int) -> list[str]:
        raise AssertionError

    with pytest.raises(CallbackFailed, match="CALLBACK_HOSTS") as failed:
        CallbackSender(frozenset({"hooks.example"}), no_resolving).post(
            "https://hooks.example:8443/x", b"", {}
        )
    assert failed.value.lasting


def test_nobody_there_is_a_passing_failure(receiver: Receiver) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        caller = CallbackSender(frozenset({f"localhost:{port}"}), lambda *_: ["127.0.0.1"])
        with pytest.raises(CallbackFailed, match="no answer") as failed:
            caller.post(f"https://localhost:{port}/secret", b"", {})
    assert not failed.value.lasting
    assert "secret" not in str(failed.value)


def test_silence_is_cut_off(monkeypatch: pytest.MonkeyPatch, receiver: Receiver) -> None:
    monkeypatch.setattr(sender, "TOTAL_SECONDS", 0.3)
    monkeypatch.setattr(sender, "CONNECT_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        caller = CallbackSender(frozenset({f"localhost:{port}"}), lambda *_: ["127.0.0.1"])
        with pytest.raises(CallbackFailed, match="no answer"):
            caller.post(f"https://localhost:{port}/x", b"", {})
