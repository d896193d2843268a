"""App Service Authentication as the local host plays it."""

import base64
import json
import re
from typing import Any

import pytest
import requests

from tests.local_host.conftest import AppRun, StartApp

PRINCIPAL = base64.b64encode(b'{"claims": []}').decode()
SENT = {
    "X-MS-CLIENT-PRINCIPAL": PRINCIPAL,
    "X-Ms-Client-Principal-Id": "somebody",
    "x-ms-token-aad-id-token": "token",
}


@pytest.fixture(scope="module")
def signed_in(make_app: StartApp) -> AppRun:
    return make_app("http", LOCAL_USER="ann@contoso.test; Licenses.Manage, Licenses.Read")


def headers_seen(run: AppRun, headers: dict[str, str] | None = None, **options: Any) -> dict[str, str]:
    answer = requests.get(f"{run.host.base_url}/order/x", headers=headers, timeout=10, **options)
    seen: dict[str, str] = answer.json()["headers"]
    return {name: value for name, value in seen.items() if name.startswith("x-ms-")}


def principal(headers: dict[str, str]) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(base64.b64decode(headers["x-ms-client-principal"]))
    return content


def roles(headers: dict[str, str]) -> list[str]:
    return [claim["val"] for claim in principal(headers)["claims"] if claim["typ"] == "roles"]


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"WEBSITE_AUTH_ENABLED": "false"},
        {"WEBSITE_AUTH_ENABLED": "false", "LOCAL_USER": "ann;Licenses.Manage"},
    ],
    ids=["unset", "false", "false wins over LOCAL_USER"],
)
def test_without_authentication_principals_are_stripped(make_app: StartApp, settings: dict[str, str]) -> None:
    run = make_app("http", **settings)
    assert headers_seen(run, SENT) == {}
    assert headers_seen(run) == {}
    assert requests.get(f"{run.host.base_url}/.auth/me", timeout=10).status_code == 404


def test_with_authentication_they_pass_as_they_come(make_app: StartApp) -> None:
    run = make_app("http", WEBSITE_AUTH_ENABLED="true")
    assert headers_seen(run, SENT) == {name.lower(): value for name, value in SENT.items()}
    assert headers_seen(run) == {}


def test_local_user_is_who_sends_requests_without_a_principal(signed_in: AppRun) -> None:
    auth = requests.get(f"{signed_in.host.base_url}/process", timeout=10).json()["auth"]
    assert auth == "true"
    headers = headers_seen(signed_in)
    assert headers["x-ms-client-principal-name"] == "ann@contoso.test"
    assert headers["x-ms-client-principal-idp"] == "aad"
    assert roles(headers) == ["Licenses.Manage", "Licenses.Read"]
    content = principal(headers)
    claims = {claim["typ"]: claim["val"] for claim in content["claims"]}
    assert claims[content["name_typ"]] == "ann@contoso.test"
    object_id = claims["http://schemas.microsoft.com/identity/claims/objectidentifier"]
    assert object_id == headers["x-ms-client-principal-id"]
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", object_id)
    assert "http://schemas.microsoft.com/identity/claims/tenantid" in claims
    assert headers_seen(signed_in)["x-ms-client-principal-id"] == object_id
    assert headers_seen(signed_in, SENT)["x-ms-client-principal"] == PRINCIPAL


@pytest.mark.parametrize(
    ("person", "expected"),
    [("manager", ["Licenses.Manage"]), ("reader", ["Licenses.Read"]), ("stranger", [])],
)
def test_a_browser_can_be_somebody_else(signed_in: AppRun, person: str, expected: list[str]) -> None:
    base = signed_in.host.base_url
    with requests.Session() as browser:
        page = browser.get(f"{base}/.auth/login/aad?post_login_redirect_uri=/order/x?a=b", timeout=10)
        assert page.status_code == 200
        assert 'lang="en"' in page.text
        assert 'value="/order/x?a=b"' in page.text
        form = {"person": person, "post_login_redirect_uri": "/order/x?a=b"}
        answer = browser.post(f"{base}/.auth/login/aad", data=form, allow_redirects=False, timeout=10)
        assert (answer.status_code, answer.headers["location"]) == (302, "/order/x?a=b")
        assert {"httponly", "samesite=lax"} <= set(answer.headers["set-cookie"].lower().split("; "))
        headers = headers_seen(signed_in, cookies=browser.cookies.get_dict())
        assert roles(headers) == expected
        me = browser.get(f"{base}/.auth/me", timeout=10).json()[0]
        assert me["user_id"] == headers["x-ms-client-principal-name"]
        browser.get(f"{base}/.auth/logout", allow_redirects=False, timeout=10)
        assert headers_seen(signed_in, cookies=browser.cookies.get_dict()) == {}
        assert browser.get(f"{base}/.auth/me", timeout=10).status_code == 401


def test_a_cookie_made_up_is_no_cookie(signed_in: AppRun) -> None:
    headers = headers_seen(signed_in, cookies={"local-auth-session": "reader.0000"})
    assert headers["x-ms-client-principal-name"] == "ann@contoso.test"


@pytest.mark.parametrize(
    "target", ["https://evil.test/", "//evil.test", "/\\evil.test", "javascript:x", "/a\r\nb"]
)
def test_redirects_stay_here(signed_in: AppRun, target: str) -> None:
    answer = requests.get(
        f"{signed_in.host.base_url}/.auth/logout",
        params={"post_logout_redirect_uri": target},
        allow_redirects=False,
        timeout=10,
    )
    assert answer.headers["location"] == "/"


def test_another_site_cannot_sign_anybody_in(signed_in: AppRun) -> None:
    url = f"{signed_in.host.base_url}/.auth/login/aad"
    stranger = requests.post(
        url, data={"person": "reader"}, headers={"Origin": "http://evil.test"}, timeout=10
    )
    assert stranger.status_code == 403
    nobody = requests.post(url, data={"person": "root"}, timeout=10)
    assert nobody.status_code == 400
