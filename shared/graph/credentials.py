"""The app's own token for Graph, by managed identity, certificate or client secret.

msal keeps the tokens and holds back when the token endpoint says so, therefore one source serves the process.
"""

import logging
import re
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import msal  # type: ignore[import-untyped]  # msal ships no types
import requests
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12

from shared.errors import PassingGraphError, SettingError
from shared.graph import clouds
from shared.graph.connections import new_session
from shared.graph.settings import GraphSettings

logger = logging.getLogger(__name__)

TOKEN_READ_SECONDS = 10.0
"""Token endpoints answer within a second or two; all calls to Graph wait for this one."""

_AADSTS = re.compile(r"AADSTS\d+")
_REASON_CHARACTERS = 200


class _Identity(Protocol):
    """One way of signing in. `acquire` answers as msal does: a dict with `access_token`, or with `error`."""

    def acquire(self, *, anew: bool) -> Mapping[str, Any]: ...


class TokenSource:
    """Bearer tokens for one Graph endpoint. Thread safe: while one thread fetches, the others wait for it.

    `http_client` replaces the connection to the token endpoint: any object with requests' `get` and `post`.

    Raises:
        SettingError: what the kind of sign-in needs is missing or cannot be read.
    """

    def __init__(self, settings: GraphSettings, http_client: Any = None) -> None:
        client = http_client or new_session(pool_size=1, read_seconds=TOKEN_READ_SECONDS)
        self._identity: _Identity
        if settings.auth == "managedIdentity":
            self._identity = _ManagedIdentity(settings, client)
        else:
            self._identity = _RegisteredApp(settings, client)
        self._lock = threading.Lock()

    def token(self) -> str:
        """A token that is good for at least some minutes, from memory where there is one.

        Raises:
            PassingGraphError: none was to be had. All reasons are passing, since none says anything about
                the users of a job; the message names the cause and no secret.
        """
        with self._lock:
            return self._acquire(anew=False)

    def refresh(self, refused: str | None = None) -> str:
        """A new token after Graph refused one. `refused` is that one: was it renewed meanwhile, that will do.

        Raises:
            PassingGraphError: as `token`.
        """
        with self._lock:
            if refused is not None:
                kept = self._acquire(anew=False)
                if kept != refused:
                    return kept
            return self._acquire(anew=True)

    def _acquire(self, *, anew: bool) -> str:
        try:
            result = self._identity.acquire(anew=anew)
        except requests.RequestException as error:
            raise _no_token(f"the token endpoint does not answer ({type(error).__name__})") from error
        except (ValueError, RuntimeError, msal.ManagedIdentityError, msal.exceptions.MsalError) as error:
            # msal's ways of saying that the authority's metadata or the answer is not what it should be
            raise _no_token(_first_line(str(error))) from error
        token = result.get("access_token")
        if not token:
            raise _no_token(_reason(result))
        return str(token)


class _ManagedIdentity:
    """The identity that the platform gives the app: the system-assigned one, or that of CLIENT_ID."""

    def __init__(self, settings: GraphSettings, http_client: Any) -> None:
        self._resource = clouds.token_resource(settings.endpoint)
        identity: Any = (
            msal.UserAssignedManagedIdentity(client_id=settings.client_id)
            if settings.client_id
            else msal.SystemAssignedManagedIdentity()
        )
        self._app = msal.ManagedIdentityClient(identity, http_client=http_client)

    def acquire(self, *, anew: bool) -> Mapping[str, Any]:
        # any claims challenge makes msal pass its cache by; the endpoint on App Service is not sent it
        challenge = "{}" if anew else None
        result: Mapping[str, Any] = self._app.acquire_token_for_client(
            resource=self._resource, claims_challenge=challenge
        )
        return result


class _RegisteredApp:
    """An app registration with a certificate or a secret.

    msal asks the authority for its metadata when the app is made, so that happens at the first token.
    """

    def __init__(self, settings: GraphSettings, http_client: Any) -> None:
        self._scopes = [f"{clouds.token_resource(settings.endpoint)}/.default"]
        self._client_id = _required("CLIENT_ID", settings.client_id)
        tenant_id = _required("TENANT_ID", settings.tenant_id)
        self._authority = f"{settings.authority_host.rstrip('/')}/{tenant_id}"
        self._credential: str | dict[str, str] = (
            _certificate(_required("CLIENT_CERTIFICATE", settings.client_certificate))
            if settings.auth == "certificate"
            else _required("CLIENT_SECRET", settings.client_secret)
        )
        self._http_client = http_client
        self._app: msal.ConfidentialClientApplication | None = None

    def acquire(self, *, anew: bool) -> Mapping[str, Any]:
        if self._app is None:
            self._app = msal.ConfidentialClientApplication(
                self._client_id,
                client_credential=self._credential,
                authority=self._authority,
                # the authority is the administrator's setting; asking another host about it adds nothing
                instance_discovery=False,
                http_client=self._http_client,
            )
        if anew:
            self._app.remove_tokens_for_client()
        result: Mapping[str, Any] = self._app.acquire_token_for_client(self._scopes)
        return result


def _required(name: str, value: str | None) -> str:
    if not value:
        raise SettingError(f"{name} is missing: GRAPH_AUTH needs it.")
    return value


def _certificate(value: str) -> dict[str, str]:
    """msal's form of a certificate given as PEM text or as a path (see GraphSettings)."""
    try:
        if "-----BEGIN" in value:
            return _pem(value)
        path = Path(value)
        if path.suffix.lower() in (".pfx", ".p12"):
            return _pfx(path)
        return _pem(path.read_text(encoding="ascii"))
    except OSError as error:
        raise SettingError(
            "CLIENT_CERTIFICATE is neither PEM text nor the path of a readable file."
        ) from error
    except (
        ValueError,
        TypeError,
    ) as error:  # TypeError: cryptography's word for a passphrase that is missing
        raise SettingError(
            "CLIENT_CERTIFICATE does not hold a private key and its certificate, without a passphrase."
        ) from error


def _pfx(path: Path) -> dict[str, str]:
    key, certificate, _chain = pkcs12.load_key_and_certificates(path.read_bytes(), None)
    if key is None or certificate is None:
        raise ValueError("the file lacks one of them")
    return {"private_key_pfx_path": str(path)}


def _pem(text: str) -> dict[str, str]:
    content = text.encode("ascii")
    serialization.load_pem_private_key(content, None)
    certificate = x509.load_pem_x509_certificate(content)
    return {
        "private_key": text,
        "public_certificate": certificate.public_bytes(serialization.Encoding.PEM).decode(),
    }


def _no_token(reason: str) -> PassingGraphError:
    logger.warning("No token for Microsoft Graph: %s", reason)
    return PassingGraphError(
        "GraphUnavailable",
        f"The app gets no token for Microsoft Graph: {reason}. If that goes on, check the app's identity and "
        "its settings.",
    )


def _reason(result: Mapping[str, Any]) -> str:
    """`AADSTS7000215: invalid_client`, or what the identity endpoint said; never a token or secret."""
    description = str(result.get("error_description") or "")
    code = _AADSTS.search(description)
    return f"{code.group()}: {result.get('error')}" if code else _first_line(description) or "no reason given"


def _first_line(text: str) -> str:
    return text.strip().split("\n", 1)[0][:_REASON_CHARACTERS].rstrip(". \r")
