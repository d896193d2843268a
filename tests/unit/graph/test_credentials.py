"""The token source, against a stand-in for the token endpoint."""

import json
import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID

from shared.errors import PassingGraphError, SettingError
from shared.graph.credentials import TokenSource
from shared.graph.settings import GraphAuth, GraphSettings

SECRET = "top-secret-value"
TENANT = "00000000-0000-4000-8000-00000000007e"


@dataclass
class Reply:
    """As much of a response as msal reads."""

    status_code: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        return self.body if isinstance(self.body, str) else json.dumps(self.body)

    def raise_for_status(self) -> None:
        if self.status_code >= 400:
            raise requests.HTTPError(str(self.status_code))


class TokenEndpoint:
    """Hands out token-1, token-2, … unless told to fail; plays the authority and the identity endpoint."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.fail: Callable[[], Reply] | None = None
        self._issued = 0

    def get(self, url: str, **call: Any) -> Reply:
        if url.endswith("/.well-known/openid-configuration"):
            base = url.split("/v2.0/")[0]
            return Reply(
                body={
                    "issuer": f"{base}/v2.0",
                    "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
                    "token_endpoint": f"{base}/oauth2/v2.0/token",
                }
            )
        return self._issue(url, call.get("params") or {}, {"expires_on": str(int(time.time()) + 3600)})

    def post(self, url: str, **call: Any) -> Reply:
        return self._issue(url, call.get("data") or {}, {"expires_in": 3599})

    def _issue(self, url: str, what: dict[str, Any], lifetime: dict[str, Any]) -> Reply:
        self.calls.append((url, what))
        if self.fail is not None:
            return self.fail()
        self._issued += 1
        return Reply(body={"access_token": f"token-{self._issued}", "token_type": "Bearer", **lifetime})

    def close(self) -> None:
        """Part of what msal expects of a client."""


@pytest.fixture(autouse=True)
def app_service(monkeypatch: pytest.MonkeyPatch) -> None:
    """The variables by which App Service offers a managed identity."""
    monkeypatch.setenv("IDENTITY_ENDPOINT", "http://127.0.0.1:4141/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", "header-value")


def settings(auth: GraphAuth, **fields: Any) -> GraphSettings:
    defaults: dict[str, Any] = {
        "endpoint": "https://graph.microsoft.us/v1.0",
        "authority_host": "https://login.microsoftonline.us",
        "tenant_id": TENANT,
        "client_id": "client",
        "client_secret": SECRET,
    }
    return GraphSettings(auth=auth, **{**defaults, **fields})


@pytest.fixture
def endpoint() -> TokenEndpoint:
    return TokenEndpoint()


def managed(endpoint: TokenEndpoint) -> TokenSource:
    return TokenSource(settings("managedIdentity"), endpoint)


def registered(endpoint: TokenEndpoint) -> TokenSource:
    return TokenSource(settings("clientSecret"), endpoint)


@pytest.fixture(params=[managed, registered])
def source(request: pytest.FixtureRequest, endpoint: TokenEndpoint) -> TokenSource:
    made: TokenSource = request.param(endpoint)
    return made


def test_a_token_is_asked_for_once(source: TokenSource, endpoint: TokenEndpoint) -> None:
    assert [source.token() for _ in range(3)] == ["token-1"] * 3
    assert len(endpoint.calls) == 1


def test_a_refused_token_is_renewed_once_for_all_who_were_refused(
    source: TokenSource, endpoint: TokenEndpoint
) -> None:
    refused = source.token()

    assert [source.refresh(refused) for _ in range(3)] == ["token-2"] * 3
    assert source.token() == "token-2"
    assert source.refresh() == "token-3"
    assert len(endpoint.calls) == 3


def test_the_managed_identity_is_asked_for_graph(endpoint: TokenEndpoint) -> None:
    managed(endpoint).token()
    TokenSource(settings("managedIdentity", client_id=None), endpoint).token()

    (_, user_assigned), (_, system_assigned) = endpoint.calls
    assert user_assigned["resource"] == "https://graph.microsoft.us"
    assert user_assigned["client_id"] == "client"
    assert "client_id" not in system_assigned


def test_a_secret_goes_to_the_authority_of_the_tenant(endpoint: TokenEndpoint) -> None:
    registered(endpoint).token()

    ((url, form),) = endpoint.calls
    assert url == f"https://login.microsoftonline.us/{TENANT}/oauth2/v2.0/token"
    assert form["client_secret"] == SECRET
    assert form["scope"] == "https://graph.microsoft.us/.default"


def refuse(status: int, body: Any, headers: dict[str, str] | None = None) -> Callable[[], Reply]:
    return lambda: Reply(status, body, headers or {})


def drop() -> Reply:
    raise requests.ConnectionError("connection refused")


@pytest.mark.parametrize(
    ("make", "fail", "words"),
    [
        (registered, drop, "does not answer (ConnectionError)"),
        (managed, drop, "does not answer (ConnectionError)"),
        (
            registered,
            refuse(
                401,
                {
                    "error": "invalid_client",
                    "error_description": "AADSTS7000215: Invalid client secret provided. Trace ID: x",
                },
            ),
            "AADSTS7000215: invalid_client",
        ),
        (registered, refuse(503, {"error": "temporarily_unavailable"}), "no token"),
        (managed, refuse(500, {"statusCode": 500, "message": "Internal Server Error"}), "500"),
        (managed, refuse(403, {"statusCode": 403, "message": "Forbidden"}), "403"),
        (managed, refuse(502, "<html>bad gateway</html>"), "no token"),
    ],
)
def test_any_failure_is_passing_and_names_its_cause(
    make: Callable[[TokenEndpoint], TokenSource],
    fail: Callable[[], Reply],
    words: str,
    endpoint: TokenEndpoint,
    caplog: pytest.LogCaptureFixture,
) -> None:
    endpoint.fail = fail
    with caplog.at_level(logging.DEBUG), pytest.raises(PassingGraphError) as raised:
        make(endpoint).token()

    error = raised.value
    assert (error.code, error.outcome_unknown) == ("GraphUnavailable", False)
    assert words in error.message
    assert SECRET not in error.message
    assert "header-value" not in error.message
    assert SECRET not in caplog.text


def test_it_recovers(endpoint: TokenEndpoint) -> None:
    source = managed(endpoint)
    endpoint.fail = drop
    with pytest.raises(PassingGraphError):
        source.token()

    endpoint.fail = None
    assert source.token() == "token-1"


# --- certificates -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pair() -> tuple[rsa.RSAPrivateKey, x509.Certificate]:
    """A key and its self-signed certificate, made for this run."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2027, 1, 1, tzinfo=UTC))
    )
    return key, builder.sign(key, hashes.SHA256())


@pytest.fixture
def pem(pair: tuple[rsa.RSAPrivateKey, x509.Certificate]) -> str:
    key, certificate = pair
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return (private + certificate.public_bytes(serialization.Encoding.PEM)).decode()


@pytest.fixture(params=["text", "pem", "pfx"])
def certificate(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    pem: str,
    pair: tuple[rsa.RSAPrivateKey, x509.Certificate],
) -> Iterator[str]:
    """The certificate in each form that CLIENT_CERTIFICATE takes."""
    if request.param == "text":
        yield pem
        return
    path = tmp_path / f"client.{request.param}"
    if request.param == "pem":
        path.write_text(pem)
    else:
        key, cert = pair
        path.write_bytes(
            pkcs12.serialize_key_and_certificates(b"a", key, cert, None, serialization.NoEncryption())
        )
    yield str(path)


def test_a_certificate_signs_the_request(endpoint: TokenEndpoint, certificate: str) -> None:
    source = TokenSource(settings("certificate", client_certificate=certificate), endpoint)

    assert source.token() == "token-1"
    ((_, form),) = endpoint.calls
    assert form["client_assertion"].count(b".") == 2
    assert "client_secret" not in form


@pytest.mark.parametrize(
    ("auth", "fields", "name"),
    [
        ("clientSecret", {"client_secret": ""}, "CLIENT_SECRET"),
        ("clientSecret", {"client_id": None}, "CLIENT_ID"),
        ("clientSecret", {"tenant_id": None}, "TENANT_ID"),
        ("certificate", {"client_certificate": None}, "CLIENT_CERTIFICATE"),
        ("certificate", {"client_certificate": "/no/such/file.pem"}, "CLIENT_CERTIFICATE"),
        ("certificate", {"client_certificate": "/no/such/file.pfx"}, "CLIENT_CERTIFICATE"),
        ("certificate", {"client_certificate": "-----BEGIN CERTIFICATE-----"}, "CLIENT_CERTIFICATE"),
        ("certificate", {"client_certificate": __file__}, "CLIENT_CERTIFICATE"),
    ],
)
def test_a_missing_or_wrong_part_is_a_wrong_setting(
    auth: GraphAuth, fields: dict[str, Any], name: str
) -> None:
    with pytest.raises(SettingError, match=name) as raised:
        TokenSource(settings(auth, **fields), TokenEndpoint())

    assert "\n" not in raised.value.message


def test_a_certificate_with_a_passphrase_is_a_wrong_setting(
    tmp_path: Path, pair: tuple[rsa.RSAPrivateKey, x509.Certificate]
) -> None:
    key, certificate = pair
    path = tmp_path / "locked.pfx"
    locked = serialization.BestAvailableEncryption(b"passphrase")
    path.write_bytes(pkcs12.serialize_key_and_certificates(b"a", key, certificate, None, locked))

    with pytest.raises(SettingError, match="passphrase"):
        TokenSource(settings("certificate", client_certificate=str(path)), TokenEndpoint())


def test_settings_do_not_show_secrets() -> None:
    shown = repr(settings("clientSecret", client_certificate="pem-text"))

    assert SECRET not in shown
    assert "pem-text" not in shown
