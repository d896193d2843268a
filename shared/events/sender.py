"""POST to a URL that a caller named, and to nothing else.

The URL is https, on a host of CALLBACK_HOSTS. The host is resolved once, every address is checked, and the connection
goes to a checked address: a name that resolves differently a moment later (DNS rebinding) leads nowhere. Private,
loopback and link-local addresses are refused, unless the setting names that very place: `10.0.0.5:8443` allows this
address, `localhost:8443` this machine. Redirects are not followed, proxies not used.
"""

import http.client
import ipaddress
import logging
import os
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from requests.utils import DEFAULT_CA_BUNDLE_PATH

from shared.api.rules import callback_fault

CONNECT_SECONDS = 5.0
TOTAL_SECONDS = 20.0
"""For the whole exchange: a receiver that sends a byte now and then is cut off."""

_AZURE_PLATFORM = ipaddress.IPv4Address("168.63.129.16")
"""Public by its number, yet Azure's own inside each machine (Microsoft Learn, "What is IP address 168.63.129.16?")."""
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], list[str]]

log = logging.getLogger(__name__)


class CallbackFailed(Exception):
    """The message was not taken. `lasting`: it will not be taken later either. The text holds no URL."""

    def __init__(self, reason: str, *, lasting: bool) -> None:
        super().__init__(reason)
        self.lasting = lasting


@dataclass(frozen=True, slots=True)
class Reply:
    """`retry_after` in seconds where the receiver said so."""

    status: int
    retry_after: float | None = None


def resolve(host: str, port: int) -> list[str]:
    """Every address of a host. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class CallbackSender:
    def __init__(self, hosts: frozenset[str], resolve: Resolve = resolve) -> None:
        self._hosts = hosts
        self._resolve = resolve

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        """The receiver's answer, whatever its status.

        Raises:
            CallbackFailed: it may not be called, or did not answer.
        """
        refused = callback_fault(url, self._hosts)
        if refused is not None:
            raise CallbackFailed(refused, lasting=True)
        parts = urlsplit(url)
        try:
            with self._connection(parts) as connection:
                target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
                sent = {"Host": parts.netloc, "Content-Type": "application/json", **headers}
                connection.request("POST", target, body, sent)
                answer = connection.getresponse()
                return Reply(answer.status, _seconds(answer.getheader("Retry-After")))
        except ssl.SSLCertVerificationError as error:
            raise CallbackFailed(
                f"the certificate is not trusted: {error.verify_message}", lasting=False
            ) from None
        except (OSError, http.client.HTTPException) as error:
            raise CallbackFailed(f"no answer: {type(error).__name__}", lasting=False) from None

    @contextmanager
    def _connection(self, parts: SplitResult) -> Iterator[http.client.HTTPConnection]:
        """A TLS connection to a checked address, verified by the host's name. Raises OSError, CallbackFailed."""
        host, port = str(parts.hostname), parts.port or 443
        address = self._checked_address(host, port)
        with (
            socket.create_connection((address, port), timeout=CONNECT_SECONDS) as plain,
            _trust().wrap_socket(plain, server_hostname=host) as secured,
            _deadline(secured),
        ):
            secured.settimeout(TOTAL_SECONDS)
            connection = http.client.HTTPConnection(host, port)
            connection.sock = secured
            yield connection

    def _checked_address(self, host: str, port: int) -> str:
        addresses = self._resolve(host, port)
        for text in addresses:
            if not may_call(host, port, ipaddress.ip_address(text.partition("%")[0]), self._hosts):
                raise CallbackFailed("the host has an address that is not public", lasting=True)
        if not addresses:
            raise OSError("no address")
        return addresses[0]


def may_call(host: str, port: int, address: Address, hosts: frozenset[str]) -> bool:
    """Whether an address of `host` may be called: a public one, or one that the setting names itself."""
    if all(_is_public(each) for each in (address, *_embedded(address))):
        return True
    literal = f"[{host}]" if ":" in host else host
    if f"{literal}:{port}" not in hosts:
        return False
    return address.is_loopback if host == "localhost" else _is_literal(host)


def _is_public(address: Address) -> bool:
    return address.is_global and not address.is_multicast and address != _AZURE_PLATFORM


def _embedded(address: Address) -> Iterator[ipaddress.IPv4Address]:
    """The IPv4 addresses that an IPv6 one may stand for: mapped, 6to4, Teredo, NAT64 (RFC 6052)."""
    if isinstance(address, ipaddress.IPv4Address):
        return
    if address.ipv4_mapped:
        yield address.ipv4_mapped
    if address.sixtofour:
        yield address.sixtofour
    if address.teredo:
        yield address.teredo[1]
    if address in _NAT64:
        yield ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)


def _is_literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


@contextmanager
def _deadline(connection: socket.socket) -> Iterator[None]:
    """Break the connection off when the time is up."""
    timer = threading.Timer(TOTAL_SECONDS, _break_off, (connection,))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _break_off(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError as error:
        log.debug("the connection had ended: %s", error)


def _trust() -> ssl.SSLContext:
    """The authorities that `requests` trusts, or those of REQUESTS_CA_BUNDLE as there."""
    return ssl.create_default_context(cafile=os.environ.get("REQUESTS_CA_BUNDLE") or DEFAULT_CA_BUNDLE_PATH)


def _seconds(retry_after: str | None) -> float | None:
    return float(retry_after) if retry_after and retry_after.isascii() and retry_after.isdigit() else None
