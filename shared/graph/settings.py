"""What the Graph client needs to know about its surroundings."""

from dataclasses import dataclass, field
from typing import Literal

GraphAuth = Literal["managedIdentity", "certificate", "clientSecret"]


@dataclass(frozen=True, slots=True)
class GraphSettings:
    """Where Graph is and how the app signs in to it. Its repr shows no secret.

    `endpoint` is the v1.0 root (`https://graph.microsoft.com/v1.0`). `client_id` is optional for a managed
    identity: without it the system-assigned one is used. `client_certificate` is either PEM text that holds
    the private key and the certificate, or the path of such a file, or the path of a `.pfx`/`.p12` file
    without passphrase, as Key Vault and App Service (`/var/ssl/private`) hand them out.
    """

    endpoint: str
    authority_host: str
    auth: GraphAuth = "managedIdentity"
    tenant_id: str | None = None
    client_id: str | None = None
    client_secret: str | None = field(default=None, repr=False)
    client_certificate: str | None = field(default=None, repr=False)
