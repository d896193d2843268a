"""Access tokens: the managed identity endpoint of App Service, and the client credentials grant of Entra ID."""

import base64
import binascii
import json
import random
from typing import Any
from urllib.parse import parse_qs

from local.graph.messages import GraphError, Refusal

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_TOKEN_BYTES = 48


class Tokens:
    """Opaque tokens with a lifetime in seconds; revoked ones are refused at once."""

    def __init__(self, rng: random.Random, secret: str) -> None:
        self._rng = rng
        self._expiries: dict[str, float] = {}
        self.secret = secret
        self.lifetime = 3599

    def issue(self, now: float) -> tuple[str, float]:
        """A new token and its expiry in epoch seconds."""
        token = base64.urlsafe_b64encode(self._rng.randbytes(_TOKEN_BYTES)).decode()
        self._expiries[token] = now + self.lifetime
        return token, self._expiries[token]

    def check(self, authorization: str | None, now: float) -> None:
        """Raises GraphError unless the header carries a token that is known and has not expired."""
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise GraphError(Refusal.TOKEN_EMPTY)
        expiry = self._expiries.get(token.strip())
        if expiry is None:
            raise GraphError(Refusal.TOKEN_INVALID)
        if expiry <= now:
            raise GraphError(Refusal.TOKEN_EXPIRED)

    def revoke_all(self) -> None:
        self._expiries.clear()


Reply = tuple[int, dict[str, Any]]


def managed_identity(tokens: Tokens, query: str, identity_header: str | None, now: float) -> Reply:
    """Protocol 2019-08-01 of App Service: `expires_on` is a text of epoch seconds and there is no expires_in."""
    options = parse_qs(query)
    if not identity_header:
        return 401, {"statusCode": 401, "message": "X-IDENTITY-HEADER is missing."}
    if options.get("api-version") != ["2019-08-01"]:
        return 400, {"statusCode": 400, "message": "api-version must be 2019-08-01."}
    resource = options.get("resource", [""])[0]
    if not resource:
        return 400, {"statusCode": 400, "message": "resource is missing."}
    token, expiry = tokens.issue(now)
    return 200, {
        "access_token": token,
        "expires_on": str(int(expiry)),
        "resource": resource,
        "token_type": "Bearer",
        "client_id": options.get("client_id", ["00000000-0000-0000-0000-000000000000"])[0],
    }


def openid_configuration(origin: str, tenant: str) -> Reply:
    """The discovery document that msal reads first."""
    authority = f"{origin}/{tenant}"
    return 200, {
        "issuer": f"{authority}/v2.0",
        "authorization_endpoint": f"{authority}/oauth2/v2.0/authorize",
        "token_endpoint": f"{authority}/oauth2/v2.0/token",
        "jwks_uri": f"{authority}/discovery/v2.0/keys",
        "response_types_supported": ["code"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
    }


def client_credentials(tokens: Tokens, body: bytes, now: float) -> Reply:
    """The token endpoint: a right secret, or an assertion that is a JWT (its signature is not checked)."""
    form = {name: values[0] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}
    if form.get("grant_type") != "client_credentials":
        return _refused("unsupported_grant_type", 70003, "The app requested an unsupported grant type.")
    if not form.get("client_id"):
        return _refused("invalid_request", 900144, "The request body must contain 'client_id'.")
    if not form.get("scope", "").endswith("/.default"):
        return _refused("invalid_scope", 1002012, "The provided value for scope is not valid.")
    if "client_assertion" in form:
        if form.get("client_assertion_type") != ASSERTION_TYPE or not _is_jwt(form["client_assertion"]):
            return _refused("invalid_client", 50027, "JWT token is invalid or malformed.")
    elif form.get("client_secret") != tokens.secret:
        return _refused("invalid_client", 7000215, "Invalid client secret provided.")
    token, _ = tokens.issue(now)
    lifetime = tokens.lifetime
    return 200, {
        "token_type": "Bearer",
        "expires_in": lifetime,
        "ext_expires_in": lifetime,
        "access_token": token,
    }


def _refused(error: str, number: int, text: str) -> Reply:
    status = 401 if error == "invalid_client" else 400
    return status, {
        "error": error,
        "error_description": f"AADSTS{number}: {text}",
        "error_codes": [number],
    }


def _is_jwt(assertion: str) -> bool:
    parts = assertion.split(".")
    if len(parts) != 3:
        return False
    try:
        header = json.loads(base64.urlsafe_b64decode(parts[0] + "=" * (-len(parts[0]) % 4)))
    except (ValueError, binascii.Error):
        return False
    return isinstance(header, dict) and "alg" in header
