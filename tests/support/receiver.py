"""A receiver of callbacks: an HTTPS server in this process, with a certificate of its own."""

from __future__ import annotations

import datetime
import ipaddress
import json
import ssl
import threading
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from local.up.ports import LOOPBACK, free_ports
from tests.support.eventually import eventually


@dataclass(frozen=True)
class Received:
    """A POST as it came."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Receiver:
    """Answers 200 unless told otherwise: `answers[path]` are (status, headers) for the next requests, in order."""

    def __init__(self, folder: Path) -> None:
        (self.port,) = free_ports(1)
        self.authority = folder / "receiver.pem"
        _write_certificate(self.authority)
        self.answers: dict[str, list[tuple[int, dict[str, str]]]] = defaultdict(list)
        self._received: list[Received] = []
        self._server = ThreadingHTTPServer((LOOPBACK, self.port), self._handler())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.authority)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def settings(self) -> dict[str, str]:
        """What a host needs to call back here, and nowhere else."""
        return {"CALLBACK_HOSTS": f"localhost:{self.port}", "REQUESTS_CA_BUNDLE": str(self.authority)}

    def url(self, path: str) -> str:
        """`path` begins with a slash; each test has its own."""
        return f"https://localhost:{self.port}{path}"

    def at(self, path: str) -> list[Received]:
        """What came there so far."""
        return [one for one in list(self._received) if one.path == path]

    def wait(self, path: str, count: int = 1, within: float = 30.0) -> list[Received]:
        """The first so many that come there."""
        return eventually(
            lambda: self.at(path),
            lambda found: len(found) >= count,
            within=within,
            what=f"{count} POSTs to {path}",
        )

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                receiver._received.append(Received(self.path, dict(self.headers), body))
                planned = receiver.answers[self.path]
                status, headers = planned.pop(0) if planned else (200, {})
                self.send_response(status)
                for name, value in {**headers, "Content-Length": "0"}.items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, *_arguments: object) -> None:
                """Not into the test's output."""

        return Handler


def _write_certificate(path: Path) -> None:
    """A key and its own certificate for this machine, good as an authority too."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "receiver of the tests")])
    now = datetime.datetime.now(datetime.UTC)
    names = x509.SubjectAlternativeName(
        [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address(LOOPBACK))]
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
