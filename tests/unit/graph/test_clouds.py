"""Each Graph endpoint gets the authority and the token of its own cloud."""

import pytest

from shared.graph import clouds

GLOBAL = "https://graph.microsoft.com"


@pytest.mark.parametrize(
    ("endpoint", "authority", "resource"),
    [
        ("https://graph.microsoft.com/v1.0", "https://login.microsoftonline.com", GLOBAL),
        ("https://GRAPH.microsoft.com:443/v1.0/", "https://login.microsoftonline.com", GLOBAL),
        (
            "https://graph.microsoft.us/v1.0",
            "https://login.microsoftonline.us",
            "https://graph.microsoft.us",
        ),
        (
            "https://dod-graph.microsoft.us/v1.0",
            "https://login.microsoftonline.us",
            "https://dod-graph.microsoft.us",
        ),
        (
            "https://microsoftgraph.chinacloudapi.cn/v1.0",
            "https://login.chinacloudapi.cn",
            "https://microsoftgraph.chinacloudapi.cn",
        ),
        ("http://127.0.0.1:7072/v1.0", "https://login.microsoftonline.com", GLOBAL),
        ("http://localhost:7072/v1.0", "https://login.microsoftonline.com", GLOBAL),
        ("http://[::1]:7072/v1.0", "https://login.microsoftonline.com", GLOBAL),
        (
            "https://graph.example:8443/v1.0",
            "https://login.microsoftonline.com",
            "https://graph.example:8443",
        ),
    ],
)
def test_authority_and_resource_belong_to_the_endpoint(endpoint: str, authority: str, resource: str) -> None:
    assert clouds.authority_host(endpoint) == authority
    assert clouds.token_resource(endpoint) == resource


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.2/", True),
        ("http://sim.localhost/", True),
        ("https://localhost.example/", False),
        ("https://10.0.0.1/", False),
        ("not a url", False),
    ],
)
def test_loopback(url: str, expected: bool) -> None:
    assert clouds.is_loopback(url) is expected
