"""Which sign-in authority and which token belong to a Graph endpoint. Pure.

Source: https://learn.microsoft.com/graph/deployments. Tokens of one cloud are worth nothing in another.
"""

import ipaddress
from urllib.parse import urlsplit

GLOBAL_ORIGIN = "https://graph.microsoft.com"
GLOBAL_AUTHORITY = "https://login.microsoftonline.com"
DEFAULT_ENDPOINT = f"{GLOBAL_ORIGIN}/v1.0"

_AUTHORITIES = {
    "graph.microsoft.com": GLOBAL_AUTHORITY,
    "graph.microsoft.us": "https://login.microsoftonline.us",
    "dod-graph.microsoft.us": "https://login.microsoftonline.us",
    "microsoftgraph.chinacloudapi.cn": "https://login.chinacloudapi.cn",
}


def authority_host(endpoint: str) -> str:
    """The sign-in authority of the endpoint's cloud; the global one for an endpoint of no known cloud."""
    return _AUTHORITIES.get(urlsplit(endpoint).hostname or "", GLOBAL_AUTHORITY)


def token_resource(endpoint: str) -> str:
    """The resource a token is asked for: the endpoint's origin, for a loopback address the global one."""
    if is_loopback(endpoint):
        return GLOBAL_ORIGIN
    return origin(endpoint)


def origin(url: str) -> str:
    """Scheme, host and port of a URL in lower case, a default port left out: `https://graph.microsoft.com`.

    Raises:
        ValueError: the port is no number.
    """
    parts = urlsplit(url)
    default = {"https": 443, "http": 80}.get(parts.scheme)
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    port = "" if parts.port in (None, default) else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"


def is_loopback(url: str) -> bool:
    """Whether the URL points at this machine, by name or address."""
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:  # a name, not an address
        return False
