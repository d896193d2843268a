"""The simulator as a process: connections that break, calls that overlap, https, and its end."""

import socket
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import msal  # type: ignore[import-untyped] # ships no type information
import psutil
import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from local.up.ports import free_ports
from tests.support.eventually import eventually
from tests.support.graph import GraphSimulator
from tests.support.process import ServiceProcess


def session_of(graph: GraphSimulator) -> requests.Session:
    """A client with a token, and with no proxy in between."""
    session = requests.Session()
    session.trust_env = False
    url = f"{graph.base_url}/msi/token?api-version=2019-08-01&resource=x"
    token = session.get(url, headers={"X-IDENTITY-HEADER": "x"}, timeout=10).json()["access_token"]
    session.headers["Authorization"] = f"Bearer {token}"
    return session


def test_a_dropped_call_has_no_answer_and_the_next_one_has(graph: GraphSimulator) -> None:
    session = session_of(graph)
    graph.control.add_faults({"kind": "drop", "path": "^/organization$", "times": 1})
    with pytest.raises(requests.ConnectionError):
        session.get(f"{graph.endpoint}/organization", timeout=10)
    assert session.get(f"{graph.endpoint}/organization", timeout=10).status_code == 200


def test_a_hanging_call_outlasts_the_client(graph: GraphSimulator) -> None:
    session = session_of(graph)
    graph.control.add_faults({"kind": "hang", "path": "^/organization$", "times": 1})
    with pytest.raises(requests.Timeout):
        session.get(f"{graph.endpoint}/organization", timeout=0.3)
    assert session.get(f"{graph.endpoint}/organization", timeout=10).status_code == 200


def test_latency_is_per_call_and_calls_overlap(graph: GraphSimulator) -> None:
    graph.control.set_latency(300)
    sessions = [session_of(graph) for _ in range(6)]
    batch = {"requests": [{"id": str(n), "method": "GET", "url": "/organization"} for n in range(20)]}
    statuses: list[int] = []

    def call(session: requests.Session) -> None:
        statuses.append(session.post(f"{graph.endpoint}/$batch", json=batch, timeout=30).status_code)

    threads = [threading.Thread(target=call, args=(session,)) for session in sessions]
    started = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.monotonic() - started
    assert statuses == [200] * 6
    assert 0.3 <= took < 1.5, "one after another they would take 1.8 s"
    stats = graph.control.stats()
    assert (stats["httpCalls"], stats["batches"], stats["maxConcurrent"]) == (6, 6, 6)
    assert stats["subRequests"] == {"GET organization": 120}


def test_it_ends_at_once_even_while_calls_hang(tmp_path: Path) -> None:
    graph = GraphSimulator(tmp_path / "graph.log")
    graph.start()
    try:
        session = session_of(graph)
        graph.control.add_faults({"kind": "hang", "path": "^/organization$"})

        def hang() -> None:
            with pytest.raises(requests.ConnectionError):
                session.get(f"{graph.endpoint}/organization", timeout=30)

        thread = threading.Thread(target=hang)
        thread.start()
        eventually(graph.control.faults, lambda faults: faults[0]["hits"] == 1, what="the hanging call")
        started = time.monotonic()
        psutil.Process(graph.pid).terminate()
        graph.wait_for_end(5)
        assert time.monotonic() - started < 5
        thread.join()
    finally:
        graph.stop()


# -- https, for clients that sign in with a secret


def _certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "simulator")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    cert_file, key_file = folder / "cert.pem", folder / "key.pem"
    cert_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return cert_file, key_file


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def test_msal_signs_in_with_a_secret_over_https(tmp_path: Path) -> None:
    cert, key = _certificate(tmp_path)
    (port,) = free_ports(1)
    line = [
        "-m",
        "local.graph",
        "--port",
        str(port),
        "--cert",
        str(cert),
        "--key",
        str(key),
        "--client-secret",
        "s3",
    ]
    process = ServiceProcess(
        "graph over https", [sys.executable, *line], lambda: _listens(port), tmp_path / "https.log"
    )
    process.start()
    try:
        session = requests.Session()
        session.trust_env = False
        session.verify = str(cert)
        replies = {}
        for secret in ("s3", "wrong"):
            app = msal.ConfidentialClientApplication(
                "app",
                client_credential=secret,
                authority=f"https://127.0.0.1:{port}/tenant",
                instance_discovery=False,
                http_client=session,
            )
            replies[secret] = app.acquire_token_for_client(["https://graph.microsoft.com/.default"])
        assert "AADSTS7000215" in replies["wrong"]["error_description"]
        bearer = {"Authorization": f"Bearer {replies['s3']['access_token']}"}
        root = f"https://127.0.0.1:{port}/v1.0"
        groups = session.get(f"{root}/groups?$top=1", headers=bearer, timeout=10)
        assert groups.json()["@odata.nextLink"].startswith(f"{root}/groups?")
    finally:
        process.stop()


def test_cert_without_key_is_refused() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "local.graph", "--cert", "x.pem"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert "--cert and --key belong together" in done.stderr
