"""Who calls, and what they may do."""

import base64
import json
from typing import Any

import pytest
from azure.functions.http import HttpRequest

from shared.errors import OriginRefused, RoleMissing, Unauthenticated
from shared.models import Caller
from shared.principal import Principal, Role, caller_of, check_origin, require

LONG_ROLE = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role"
EMAIL = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"
OBJECT_ID = "http://schemas.microsoft.com/identity/claims/objectidentifier"
TENANT_ID = "http://schemas.microsoft.com/identity/claims/tenantid"
OID = "b1a7f3a0-0f2d-4f6e-8f0a-3d1b5a3c9e11"
TID = "c1a7f3a0-0f2d-4f6e-8f0a-3d1b5a3c9e22"
APP = "d1a7f3a0-0f2d-4f6e-8f0a-3d1b5a3c9e33"

USER = [(EMAIL, "megan@contoso.com"), (OBJECT_ID, OID), (TENANT_ID, TID), ("name", "Megan Bowen")]
V2_USER = [("preferred_username", "megan@contoso.com"), ("oid", OID), ("tid", TID), ("name", "Megan Bowen")]


def document(claims: list[tuple[str, str]], role_type: str = LONG_ROLE) -> dict[str, Any]:
    return {
        "auth_typ": "aad",
        "name_typ": EMAIL,
        "role_typ": role_type,
        "claims": [{"typ": typ, "val": val} for typ, val in claims],
    }


def header(content: object) -> dict[str, str]:
    return {"X-MS-CLIENT-PRINCIPAL": base64.b64encode(json.dumps(content).encode()).decode()}


def signed_in(claims: list[tuple[str, str]], role_type: str = LONG_ROLE) -> Principal:
    return caller_of(header(document(claims, role_type)), "entra", platform_auth_on=True)


@pytest.mark.parametrize("claims", [USER, V2_USER])
def test_a_user(claims: list[tuple[str, str]]) -> None:
    principal = signed_in([*claims, ("roles", "Licenses.Read")])
    assert principal.caller == Caller("megan@contoso.com", "user", f"user:{TID}:{OID}")
    assert principal.roles == {Role.READ}


def test_a_user_through_a_connector_is_not_the_connectors_app() -> None:
    principal = signed_in([*V2_USER, ("azp", APP), ("scp", "user_impersonation")])
    assert (principal.caller.kind, principal.caller.key) == ("user", f"user:{TID}:{OID}")


@pytest.mark.parametrize(
    ("claims", "name"),
    [
        ([("appid", APP), ("oid", OID)], APP),
        ([("azp", APP.upper()), (OBJECT_ID, OID)], APP.upper()),
        ([("appid", APP), ("app_displayname", "Onboarding flow")], f"Onboarding flow ({APP})"),
        ([("appid", APP), ("idtyp", "app"), ("name", "odd")], APP),
    ],
)
def test_an_app(claims: list[tuple[str, str]], name: str) -> None:
    principal = signed_in([*claims, ("roles", "Licenses.Manage")])
    assert principal.caller == Caller(name, "app", f"app:{APP}")
    assert principal.roles == {Role.READ, Role.MANAGE}


@pytest.mark.parametrize(
    ("roles", "role_type", "expected"),
    [
        ([], LONG_ROLE, set()),
        ([("roles", "Licenses.Read")], LONG_ROLE, {Role.READ}),
        ([("roles", "Licenses.Manage")], LONG_ROLE, {Role.READ, Role.MANAGE}),
        ([(LONG_ROLE, "Licenses.Manage")], "", {Role.READ, Role.MANAGE}),
        ([("custom/role", "Licenses.Read")], "custom/role", {Role.READ}),
        ([("custom/role", "Licenses.Read")], LONG_ROLE, set()),
        ([("roles", "Other"), ("roles", "Licenses.Read")], LONG_ROLE, {Role.READ}),
        ([("roles", "licenses.manage")], LONG_ROLE, set()),
        ([("roles", "Licenses.Read,Licenses.Manage")], LONG_ROLE, set()),
        ([("groups", "Licenses.Manage"), ("name", "Licenses.Manage")], LONG_ROLE, set()),
    ],
)
def test_roles(roles: list[tuple[str, str]], role_type: str, expected: set[Role]) -> None:
    assert signed_in([*USER, *roles], role_type).roles == expected


def test_a_name_alone_is_enough_and_the_key_is_stable() -> None:
    first, second = (signed_in([("name", name)]).caller for name in ("Megan", "megan"))
    assert first.key == second.key
    assert first.kind == "user"


def test_the_platforms_other_headers_fill_in() -> None:
    headers = header(document([])) | {
        "X-MS-CLIENT-PRINCIPAL-NAME": "megan@contoso.com",
        "X-MS-CLIENT-PRINCIPAL-ID": OID,
    }
    assert caller_of(headers, "entra", platform_auth_on=True).caller == Caller(
        "megan@contoso.com", "user", f"user::{OID}"
    )


def test_the_header_is_found_in_any_case() -> None:
    (value,) = header(document(USER)).values()
    request = HttpRequest(
        "GET",
        "https://h/",
        headers={"x-ms-client-principal": value},
        params={},
        route_params={},
        body_type="bytes",
        body=b"",
    )
    assert caller_of(request.headers, "entra", platform_auth_on=True).caller.name == "megan@contoso.com"


def test_base64_may_lack_its_padding_or_use_the_other_alphabet() -> None:
    content = document([*USER, ("name", "??>>~~ÿÿ")])
    for text in (
        base64.urlsafe_b64encode(json.dumps(content, ensure_ascii=False).encode()).decode().rstrip("="),
        base64.encodebytes(json.dumps(content).encode()).decode(),
    ):
        principal = caller_of({"X-MS-CLIENT-PRINCIPAL": text}, "entra", platform_auth_on=True)
        assert principal.caller.name == "megan@contoso.com"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-MS-CLIENT-PRINCIPAL": ""},
        {"X-MS-CLIENT-PRINCIPAL": "not base64 at all!"},
        {"X-MS-CLIENT-PRINCIPAL": "ÄÖÜ"},
        {"X-MS-CLIENT-PRINCIPAL": "A"},
        {"X-MS-CLIENT-PRINCIPAL": base64.b64encode(b"\xff\xfe").decode()},
        {"X-MS-CLIENT-PRINCIPAL": base64.b64encode(b"[" * 100_000).decode()},
        header(None),
        header([]),
        header("x"),
        header({}),
        header({"claims": None}),
        header({"claims": {"typ": "name", "val": "x"}}),
        header({"claims": [None, 5, "x", [], {"typ": 5, "val": "x"}, {"typ": "name"}, {"val": "x"}]}),
        header({"claims": [{"typ": "name", "val": "  "}], "name_typ": 5, "role_typ": []}),
        {"X-MS-CLIENT-PRINCIPAL-NAME": "megan@contoso.com", "X-MS-CLIENT-PRINCIPAL-ID": OID},
    ],
)
def test_junk_is_nobody(headers: dict[str, str]) -> None:
    with pytest.raises(Unauthenticated):
        caller_of(headers, "entra", platform_auth_on=True)


def test_a_forged_header_is_not_believed_where_the_platform_does_not_sign_in() -> None:
    forged = header(document([*USER, ("roles", "Licenses.Manage")]))
    with pytest.raises(Unauthenticated):
        caller_of(forged, "entra", platform_auth_on=False)


@pytest.mark.parametrize("platform_auth_on", [True, False])
def test_a_key_has_no_name_and_every_role(platform_auth_on: bool) -> None:
    principal = caller_of(header(document(USER)), "key", platform_auth_on)
    assert principal == Principal(Caller("key", "key", "key"), frozenset(Role))


def test_require() -> None:
    reader = signed_in([*USER, ("roles", "Licenses.Read")])
    require(reader, Role.READ)
    with pytest.raises(RoleMissing, match=r"Licenses\.Manage"):
        require(reader, Role.MANAGE)
    with pytest.raises(RoleMissing):
        require(signed_in(USER), Role.READ)


OWN = "https://licenses.contoso.com"


@pytest.mark.parametrize(
    ("method", "origin", "allowed"),
    [
        ("POST", None, True),
        ("POST", OWN, True),
        ("POST", OWN + ":443", True),
        ("post", "https://LICENSES.contoso.com", True),
        ("POST", "http://licenses.contoso.com", False),
        ("POST", OWN + ":8443", False),
        ("POST", "https://evil.example", False),
        ("PATCH", "https://evil.example", False),
        ("DELETE", "https://evil.example", False),
        ("POST", OWN + ".evil.example", False),
        ("POST", "null", False),
        ("POST", "", False),
        ("POST", "https://[", False),
        ("GET", "https://evil.example", True),
    ],
)
def test_origin(method: str, origin: str | None, allowed: bool) -> None:
    headers = {} if origin is None else {"Origin": origin}
    if allowed:
        check_origin(method, headers, OWN + "/")
    else:
        with pytest.raises(OriginRefused) as caught:
            check_origin(method, headers, OWN + "/")
        assert caught.value.status == 403
