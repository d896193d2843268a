"""Plays App Service Authentication (Easy Auth) in front of the app.

While WEBSITE_AUTH_ENABLED is not true, its headers are stripped from every request, which the platform only
does when it is on: nothing that comes in from outside may look like a signed-in user. With it true they pass
as they come. LOCAL_USER (`name;role,role`) turns it on and names the person to whom requests without a
principal belong; the pages under /.auth let a browser be somebody else.
"""

import base64
import json
import os
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from local.host.errors import HostStartError
from local.host.settings import is_true

_PREFIXES = ("x-ms-client-principal", "x-ms-token-")
_PRINCIPAL = "x-ms-client-principal"
_NAME_CLAIM = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"
_ROLE_CLAIM = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role"
_OBJECT_ID_CLAIM = "http://schemas.microsoft.com/identity/claims/objectidentifier"
_TENANT_ID_CLAIM = "http://schemas.microsoft.com/identity/claims/tenantid"
# Ids of local people: the same at every start, and plainly nobody's in a real tenant.
_LOCAL_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:license-management:local")
_TENANT_ID = str(uuid.uuid5(_LOCAL_NAMESPACE, "tenant"))


@dataclass(frozen=True)
class Person:
    """Somebody to be signed in as. `name` is used as the user principal name too."""

    name: str
    roles: tuple[str, ...] = ()

    @property
    def object_id(self) -> str:
        return str(uuid.uuid5(_LOCAL_NAMESPACE, self.name))

    def claims(self) -> list[dict[str, str]]:
        """As a v2.0 token of Entra ID has them: app roles under `roles`, one entry each."""
        pairs = [
            (_NAME_CLAIM, self.name),
            ("name", self.name),
            ("preferred_username", self.name),
            (_OBJECT_ID_CLAIM, self.object_id),
            (_TENANT_ID_CLAIM, _TENANT_ID),
            *(("roles", role) for role in self.roles),
        ]
        return [{"typ": kind, "val": value} for kind, value in pairs]

    def headers(self) -> dict[str, str]:
        content = {
            "auth_typ": "aad",
            "name_typ": _NAME_CLAIM,
            "role_typ": _ROLE_CLAIM,
            "claims": self.claims(),
        }
        return {
            _PRINCIPAL: base64.b64encode(json.dumps(content).encode()).decode(),
            f"{_PRINCIPAL}-id": self.object_id,
            f"{_PRINCIPAL}-name": self.name,
            f"{_PRINCIPAL}-idp": "aad",
        }


def enable_for_local_user() -> Person | None:
    """The person of LOCAL_USER, with WEBSITE_AUTH_ENABLED set to true unless it is set already.

    Must run before the app is imported, since the app reads the setting. Raises HostStartError."""
    text = os.environ.get("LOCAL_USER", "").strip()
    if not text:
        return None
    name, _, roles = text.partition(";")
    if not name.strip():
        raise HostStartError(["LOCAL_USER must be 'name;role,role'"])
    os.environ.setdefault("WEBSITE_AUTH_ENABLED", "true")
    if not auth_is_enabled():
        return None
    return Person(name.strip(), tuple(role.strip() for role in roles.split(",") if role.strip()))


def auth_is_enabled() -> bool:
    return is_true("WEBSITE_AUTH_ENABLED")


def strip_principal(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if not name.startswith(_PREFIXES)}


def has_principal(headers: Mapping[str, str]) -> bool:
    return bool(headers.get(_PRINCIPAL))
