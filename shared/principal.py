"""Who is calling, and what they may do.

With AUTH_MODE=entra App Service Authentication stands in front and names the caller in a header. Outside of
it anyone can write that header, so it is believed only where the platform says that its authentication is on.
With AUTH_MODE=key the host has checked a function key, which has no name and may do everything.

The header is base64 of `{"auth_typ", "name_typ", "role_typ", "claims": [{"typ", "val"}, ...]}` (Microsoft
Learn, "Work with user identities in Azure App Service authentication").
"""

import base64
import binascii
import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum, unique
from typing import Any, Literal
from urllib.parse import urlsplit

from shared.errors import OriginRefused, RoleMissing, Unauthenticated
from shared.models import Caller

AuthMode = Literal["entra", "key"]

PRINCIPAL_HEADER = "X-MS-CLIENT-PRINCIPAL"
_NAME_HEADER = "X-MS-CLIENT-PRINCIPAL-NAME"
_ID_HEADER = "X-MS-CLIENT-PRINCIPAL-ID"

_XMLSOAP = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims"
_MICROSOFT = "http://schemas.microsoft.com/identity/claims"
# App roles of a v2.0 token come as `roles`, whatever `role_typ` says (AzureAD/microsoft-identity-web #881).
_ROLE_CLAIMS = ("roles", "http://schemas.microsoft.com/ws/2008/06/identity/claims/role")
_OBJECT_ID_CLAIMS = (f"{_MICROSOFT}/objectidentifier", "oid")
_SUBJECT_CLAIMS = (f"{_XMLSOAP}/nameidentifier", "sub")
_TENANT_CLAIMS = (f"{_MICROSOFT}/tenantid", "tid")
_SCOPE_CLAIMS = (f"{_MICROSOFT}/scope", "scp")
_NAME_CLAIMS = ("preferred_username", "upn", f"{_XMLSOAP}/upn", f"{_XMLSOAP}/emailaddress", "email", "name")
_APP_ID_CLAIMS = ("appid", "azp")
_APP_NAME_CLAIM = "app_displayname"

_STATE_CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})


@unique
class Role(StrEnum):
    """App roles of the sign-in app. Manage includes Read."""

    READ = "Licenses.Read"
    MANAGE = "Licenses.Manage"


@dataclass(frozen=True, slots=True)
class Principal:
    """A caller with roles. `roles` holds the roles in effect: Read too where Manage was granted."""

    caller: Caller
    roles: frozenset[Role]


def caller_of(headers: Mapping[str, str], auth_mode: AuthMode, platform_auth_on: bool) -> Principal:
    """The caller of a request whose headers can be looked up in any case.

    Raises:
        Unauthenticated: nobody is signed in, as far as can be believed, or the header is not what the
            platform writes.
    """
    if auth_mode == "key":
        return Principal(Caller(name="key", kind="key", key="key"), frozenset(Role))
    header = headers.get(PRINCIPAL_HEADER) if platform_auth_on else None
    if not header:
        raise Unauthenticated("Sign in first: this call needs an account with the role Licenses.Read.")
    claims = _claims(header)
    return Principal(_caller(claims, headers), _roles(claims))


def require(principal: Principal, role: Role) -> None:
    """Raises RoleMissing unless `principal` has `role`."""
    if role not in principal.roles:
        raise RoleMissing(
            f"{principal.caller.name} lacks the app role {role}. Ask an administrator to assign it in Entra."
        )


def check_origin(method: str, headers: Mapping[str, str], own_base_url: str) -> None:
    """Keeps other web pages from changing anything with the cookie of someone who is signed in.

    Raises:
        OriginRefused: a state-changing call from a page that is not of `own_base_url`.
    """
    origin = headers.get("Origin")
    if method.upper() in _STATE_CHANGING and origin is not None and _origin(origin) != _origin(own_base_url):
        raise OriginRefused("Another web site must not make this call. Use the portal or your own client.")


def _origin(url: str) -> tuple[str, str, int | None] | None:
    """Scheme, host and port; None for what is no URL, such as the `null` of a sandboxed page."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if not parts.scheme or not parts.hostname:
        return None
    return parts.scheme, parts.hostname, port or {"http": 80, "https": 443}.get(parts.scheme)


class _Claims:
    """The claims of a principal; a type may occur several times."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.name_type = _text(document.get("name_typ"))
        self.role_type = _text(document.get("role_typ"))
        self._values: dict[str, list[str]] = defaultdict(list)
        for claim in document["claims"]:
            typ, val = (claim.get("typ"), claim.get("val")) if isinstance(claim, dict) else (None, None)
            if isinstance(typ, str) and isinstance(val, str):
                self._values[typ].append(val)

    def first(self, *types: str) -> str | None:
        return next((value for typ in types for value in self._values.get(typ, ()) if value.strip()), None)

    def all(self, *types: str) -> frozenset[str]:
        return frozenset(value for typ in types for value in self._values.get(typ, ()))


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _claims(header: str) -> _Claims:
    """Lenient about the alphabet and padding of base64, which differ between tools; strict about the rest."""
    text = "".join(header.split()).replace("-", "+").replace("_", "/").rstrip("=")
    try:
        decoded = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
        document = json.loads(decoded)
    except (binascii.Error, ValueError, RecursionError):
        document = None
    if not isinstance(document, dict) or not isinstance(document.get("claims"), list):
        raise Unauthenticated("The sign-in could not be read. Sign in again.")
    return _Claims(document)


def _roles(claims: _Claims) -> frozenset[Role]:
    granted = claims.all(*_ROLE_CLAIMS, claims.role_type)
    if Role.MANAGE in granted:
        return frozenset(Role)
    return frozenset({Role.READ}) if Role.READ in granted else frozenset()


def _caller(claims: _Claims, headers: Mapping[str, str]) -> Caller:
    app_id = claims.first(*_APP_ID_CLAIMS)
    if app_id is not None and _is_app(claims):
        display_name = claims.first(_APP_NAME_CLAIM)
        name = f"{display_name} ({app_id})" if display_name else app_id
        return Caller(name=name, kind="app", key=f"app:{app_id.lower()}")
    object_id = claims.first(*_OBJECT_ID_CLAIMS) or headers.get(_ID_HEADER) or claims.first(*_SUBJECT_CLAIMS)
    name_claim = claims.first(claims.name_type, *_NAME_CLAIMS) or headers.get(_NAME_HEADER)
    identity = object_id or name_claim
    if not identity:
        raise Unauthenticated("The sign-in names nobody. Sign in again.")
    tenant = claims.first(*_TENANT_CLAIMS) or ""
    return Caller(name=name_claim or identity, kind="user", key=f"user:{tenant.lower()}:{identity.lower()}")


def _is_app(claims: _Claims) -> bool:
    """Whether an app calls for itself. A user's token names an app too, but has a scope or a name.

    `idtyp` is the optional claim that says so outright (Microsoft Learn, "Access token claims reference").
    """
    kind = claims.first("idtyp")
    if kind is not None:
        return kind == "app"
    return claims.first(*_SCOPE_CLAIMS, *_NAME_CLAIMS) is None
