"""People and programs that call the app, and the header by which the platform presents them."""

import base64
import json
from dataclasses import dataclass

OBJECT_ID = "http://schemas.microsoft.com/identity/claims/objectidentifier"
NAME = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"
ROLE = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role"


@dataclass(frozen=True)
class Principal:
    """A caller with app roles. Without a name it is a program, which presents its application id instead."""

    name: str | None
    roles: tuple[str, ...]
    object_id: str
    app_id: str = "00000000-0000-4000-8000-0000000000aa"

    def headers(self) -> dict[str, str]:
        """The headers that App Service Authentication adds; roles come as `roles`, as in a v2.0 token."""
        claims = [{"typ": OBJECT_ID, "val": self.object_id}]
        claims += [{"typ": NAME, "val": self.name}] if self.name else [{"typ": "appid", "val": self.app_id}]
        claims += [{"typ": "roles", "val": role} for role in self.roles]
        principal = {"auth_typ": "aad", "name_typ": NAME, "role_typ": ROLE, "claims": claims}
        headers = {
            "X-MS-CLIENT-PRINCIPAL": base64.b64encode(json.dumps(principal).encode()).decode(),
            "X-MS-CLIENT-PRINCIPAL-ID": self.object_id,
            "X-MS-CLIENT-PRINCIPAL-IDP": "aad",
        }
        return headers | ({"X-MS-CLIENT-PRINCIPAL-NAME": self.name} if self.name else {})


MANAGER = Principal("manager@contoso.example", ("Licenses.Manage",), "00000000-0000-4000-8000-000000000001")
READER = Principal("reader@contoso.example", ("Licenses.Read",), "00000000-0000-4000-8000-000000000002")
STRANGER = Principal("stranger@contoso.example", (), "00000000-0000-4000-8000-000000000003")
FLOW = Principal(None, ("Licenses.Manage",), "00000000-0000-4000-8000-000000000004")
