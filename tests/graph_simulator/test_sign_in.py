"""Tokens: both endpoints, what they refuse, and what Graph says to a bad one."""

import base64
import json

import pytest

from local.graph.tokens import ASSERTION_TYPE
from tests.graph_simulator.in_process import Json, LocalGraph, Reply

MSI = "/msi/token?api-version=2019-08-01&resource=https://graph.microsoft.com"
FORM = {
    "client_id": "app",
    "scope": "https://graph.microsoft.com/.default",
    "grant_type": "client_credentials",
}


def token(graph: LocalGraph, **form: str) -> Reply:
    body = "&".join(f"{name}={value}" for name, value in {**FORM, **form}.items()).encode()
    return graph.raw("POST", "/tenant/oauth2/v2.0/token", body)


def organization(graph: LocalGraph, authorization: str | None) -> Reply:
    headers = {} if authorization is None else {"Authorization": authorization}
    return graph.raw("GET", "/v1.0/organization", headers=headers)


def test_managed_identity(graph_app: LocalGraph) -> None:
    reply = graph_app.raw("GET", MSI, headers={"X-IDENTITY-HEADER": "x", "Metadata": "true"}).json
    assert reply["expires_on"] == str(int(graph_app.clock.now()) + 3599)
    assert (reply["token_type"], reply["resource"]) == ("Bearer", "https://graph.microsoft.com")
    assert organization(graph_app, f"Bearer {reply['access_token']}").status == 200
    assert graph_app.raw("GET", MSI).status == 401
    headers = {"X-IDENTITY-HEADER": "x"}
    assert graph_app.raw("GET", "/msi/token?api-version=2017-09-01&resource=x", headers=headers).status == 400
    assert graph_app.raw("GET", "/msi/token?api-version=2019-08-01", headers=headers).status == 400


def test_client_secret(graph_app: LocalGraph) -> None:
    reply = token(graph_app, client_secret="simulator-secret").json
    assert (reply["expires_in"], reply["token_type"]) == (3599, "Bearer")
    assert organization(graph_app, f"Bearer {reply['access_token']}").status == 200


def test_client_assertion(graph_app: LocalGraph) -> None:
    header = base64.urlsafe_b64encode(json.dumps({"alg": "RS256"}).encode()).decode().rstrip("=")
    good = {"client_assertion_type": ASSERTION_TYPE, "client_assertion": f"{header}.e30.x"}
    assert token(graph_app, **good).status == 200
    assert token(graph_app, **{**good, "client_assertion": "no jwt"}).json["error"] == "invalid_client"
    assert token(graph_app, **{**good, "client_assertion_type": "x"}).status == 401


REFUSED: list[tuple[dict[str, str], str, int]] = [
    ({"client_secret": "wrong"}, "invalid_client", 7000215),
    ({}, "invalid_client", 7000215),
    ({"grant_type": "password"}, "unsupported_grant_type", 70003),
    ({"scope": "User.Read"}, "invalid_scope", 1002012),
    ({"client_id": ""}, "invalid_request", 900144),
]


@pytest.mark.parametrize(("form", "error", "number"), REFUSED)
def test_refused_grants(graph_app: LocalGraph, form: dict[str, str], error: str, number: int) -> None:
    reply: Json = token(graph_app, **form).json
    assert (reply["error"], reply["error_codes"]) == (error, [number])
    assert reply["error_description"].startswith(f"AADSTS{number}: ")


def test_discovery(graph_app: LocalGraph) -> None:
    document = graph_app.raw("GET", "/tenant/v2.0/.well-known/openid-configuration").json
    assert document["token_endpoint"] == "http://graph.test/tenant/oauth2/v2.0/token"
    assert {"issuer", "authorization_endpoint"} <= set(document)


def test_bad_tokens_are_401(graph_app: LocalGraph) -> None:
    for header in (None, "Bearer ", "Basic abc", "Bearer unknown"):
        reply = organization(graph_app, header)
        assert (reply.status, reply.code) == (401, "InvalidAuthenticationToken"), header
        assert "www-authenticate" in reply.headers


def test_tokens_expire_and_can_be_revoked(graph_app: LocalGraph) -> None:
    graph_app.control("POST", "tokens", {"lifetimeSeconds": 60})
    graph_app.sign_in()
    assert graph_app.get("/organization").status == 200
    graph_app.clock.advance(60)
    assert graph_app.get("/organization").code == "InvalidAuthenticationToken"
    graph_app.sign_in()
    assert graph_app.get("/organization").status == 200
    graph_app.control("POST", "tokens/revoke")
    assert graph_app.get("/organization").status == 401


def test_every_answer_carries_the_ids(graph_app: LocalGraph) -> None:
    reply = graph_app.get("/users/nobody", client_request_id="abc")
    assert reply.headers["client-request-id"] == "abc"
    assert reply.json["error"]["innerError"] == {
        "date": "2023-11-14T22:13:20",
        "request-id": reply.headers["request-id"],
        "client-request-id": "abc",
    }
    assert "ServerInfo" in json.loads(reply.headers["x-ms-ags-diagnostic"])
    assert reply.headers["x-ms-resource-unit"] == "1"
