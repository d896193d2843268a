"""Every route of the app, and who gets in: denied unless this file says otherwise."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import azure.functions as func
import pytest
from azure.functions.http import HttpRequest

from local.host.functions import Function
from shared.api.routes import ROUTES
from tests.api.functions import http_functions
from tests.support.api import Api
from tests.support.coroutines import run_coroutine
from tests.support.principals import FLOW, MANAGER, READER, STRANGER, Principal
from tests.support.system import System
from tests.system.tenants import VISIO

Json = dict[str, Any]

NOTHING = "00000000-0000-4000-8000-0000000000ff"
"""An id of which there is nothing."""
PUBLIC = {"GetHealth", "GetOpenApi", "Portal", "ZzNotFound"}
"""Nobody needs to be signed in for these: they hold no data. Each is here on purpose."""
BY_TOKEN = {"WaitForJob"}
ASSIGN: Json = {"action": "assign", "groupIds": [NOTHING], "licenses": [{"skuId": VISIO}]}
BLOB = {"format": "csv", "location": {"kind": "blob", "container": "reports", "path": "a.csv"}}


@dataclass(frozen=True)
class Call:
    """A request to a route, and whether a reader may make it. It changes nothing, also where it is let in."""

    route: str
    method: str
    path: str
    body: Json | None = None
    reader_may: bool = True
    name: str = field(default="")

    def __str__(self) -> str:
        return f"{self.route} {self.name}".strip()


CALLS = [
    Call("ListGroups", "GET", "groups"),
    Call("ListGroupMembers", "GET", f"groups/{NOTHING}/members"),
    Call("ListLicenses", "GET", "licenses"),
    Call("ListServicePlans", "GET", f"licenses/{NOTHING}/service-plans"),
    Call("ListAssignedLicenses", "POST", "licenses/assigned", {"groupIds": [NOTHING]}),
    Call("CountAssignedLicenses", "GET", "licenses/assigned"),
    Call("ListLocations", "GET", "locations"),
    Call("SubmitJob", "POST", "jobs", ASSIGN | {"dryRun": True}, name="dry run"),
    Call("SubmitJob", "POST", "jobs", {"action": "export", "groupIds": [NOTHING]}, name="download"),
    Call(
        "SubmitJob",
        "POST",
        "jobs",
        {"action": "export", "groupIds": [NOTHING], "export": BLOB},
        False,
        "to a blob",
    ),
    Call("SubmitJob", "POST", "jobs", ASSIGN, reader_may=False, name="assign"),
    Call("SubmitJob", "POST", "jobs", {"plan": NOTHING}, reader_may=False, name="plan"),
    Call("SubmitJob", "POST", "jobs", {}, reader_may=False, name="empty"),
    Call("ListJobs", "GET", "jobs"),
    Call("GetJob", "GET", f"jobs/{NOTHING}"),
    Call("ListJobItems", "GET", f"jobs/{NOTHING}/items"),
    Call("GetJobReport", "GET", f"jobs/{NOTHING}/report"),
    Call("GetJobFile", "GET", f"jobs/{NOTHING}/file"),
    Call("StartJob", "POST", f"jobs/{NOTHING}/start", reader_may=False),
    Call("CancelJob", "POST", f"jobs/{NOTHING}/cancel"),
    Call("UndoJob", "POST", f"jobs/{NOTHING}/undo", {"dryRun": True}, name="dry run"),
    Call("UndoJob", "POST", f"jobs/{NOTHING}/undo", reader_may=False),
    Call("ListTemporaryLicenses", "GET", "temporary-licenses"),
    Call(
        "ChangeTemporaryLicense",
        "PATCH",
        f"temporary-licenses/{NOTHING}",
        {"permanent": True},
        reader_may=False,
    ),
    Call("ListAudit", "GET", "audit"),
    Call("ListSubscriptions", "GET", "subscriptions"),
    Call("CreateSubscription", "POST", "subscriptions", {"events": []}, reader_may=False),
    Call("SubscribeToJobs", "POST", "subscriptions/jobs", {}, reader_may=False),
    Call("SubscribeToExpiry", "POST", "subscriptions/expiry", {}, reader_may=False),
    Call("DeleteSubscription", "DELETE", f"subscriptions/{NOTHING}", reader_may=False),
]


def test_this_file_knows_every_route(monkeypatch: pytest.MonkeyPatch) -> None:
    """A route that is added is denied to everybody here until somebody says who may call it."""
    assert http_functions(monkeypatch).keys() == PUBLIC | BY_TOKEN | {call.route for call in CALLS}
    assert {route.name for route in ROUTES} == http_functions(monkeypatch).keys() - {"Portal", "ZzNotFound"}


@pytest.mark.parametrize(
    "settings",
    [{}, {"WEBSITE_AUTH_ENABLED": "false"}, {"WEBSITE_AUTH_ENABLED": "yes"}],
    ids=["unset", "false", "not a truth"],
)
def test_a_principal_is_forged_where_the_platform_does_not_authenticate(
    monkeypatch: pytest.MonkeyPatch, settings: dict[str, str]
) -> None:
    """Straight at the functions, as on a platform that strips nothing."""
    monkeypatch.delenv("WEBSITE_AUTH_ENABLED", raising=False)
    functions = http_functions(monkeypatch, AUTH_MODE="entra", **settings)
    for call in CALLS:
        function, trigger = functions[call.route]
        answer = answered(function, forged(call))
        assert (answer.status_code, trigger.auth_level) == (401, "anonymous"), call
    wait = Call("WaitForJob", "GET", f"jobs/{NOTHING}/wait")
    answer = answered(functions["WaitForJob"][0], forged(wait))
    assert answer.status_code in (401, 503)  # the token is looked up first, and there is no storage here


def answered(function: Function, request: func.HttpRequest) -> func.HttpResponse:
    """What the function answers, called as the host does."""
    arguments: Json = {function.arg_name: request}
    if function.wants_context:
        arguments["context"] = SimpleNamespace(thread_local_storage=threading.local(), invocation_id=NOTHING)
    answer = function.call(**arguments)
    result: func.HttpResponse = run_coroutine(answer) if function.is_async else answer
    return result


def forged(call: Call) -> func.HttpRequest:
    return HttpRequest(
        call.method,
        f"https://licenses.contoso.com/api/{call.path}",
        headers={"content-type": "application/json", **MANAGER.headers()},
        params={},
        route_params={"id": NOTHING} if NOTHING in call.path else {},
        body_type="bytes",
        body=b"{}" if call.method != "GET" else b"",
    )


def test_keys_guard_every_route_where_they_are_the_sign_in(monkeypatch: pytest.MonkeyPatch) -> None:
    functions = http_functions(monkeypatch, AUTH_MODE="key")
    open_ = {name for name, (_, trigger) in functions.items() if trigger.auth_level == "anonymous"}
    assert open_ == PUBLIC | BY_TOKEN
    assert {trigger.auth_level for _, trigger in functions.values()} == {"anonymous", "function"}


# --- over HTTP ------------------------------------------------------------------------------------------------


@pytest.mark.system
@pytest.mark.parametrize("call", CALLS, ids=str)
def test_who_gets_in(walked: Api, call: Call) -> None:
    assert outcome(walked, None, call) == (401, "Unauthenticated")
    assert outcome(walked, STRANGER, call) == (403, "RoleMissing")
    reader = outcome(walked, READER, call)
    assert (reader[0] not in (401, 403)) if call.reader_may else (reader == (403, "RoleMissing"))
    for principal in (MANAGER, FLOW):
        status, _ = outcome(walked, principal, call)
        assert status not in (401, 403)
        assert status < 500


@pytest.mark.system
def test_the_wait_url_takes_its_token_or_a_role(walked: Api) -> None:
    call = Call("WaitForJob", "GET", f"jobs/{NOTHING}/wait")
    assert outcome(walked, None, call) == (401, "Unauthenticated")
    assert outcome(walked, READER, call) == (404, "JobNotFound")


@pytest.mark.system
@pytest.mark.parametrize("path", ["health", "openapi.json"])
def test_public_routes_answer_strangers(walked: Api, path: str) -> None:
    assert walked.as_principal(None).get(path).status_code == 200


@pytest.mark.system
def test_a_path_that_does_not_exist_is_json_too(walked: Api) -> None:
    for method, path in [
        ("GET", "nothing"),
        ("DELETE", "jobs"),
        ("PUT", f"jobs/{NOTHING}"),
        ("GET", "jobs/a/b/c/d"),
    ]:
        answer = walked.as_principal(None).request(method, path)
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "NotFound")


@pytest.mark.system
def test_another_web_site_changes_nothing(walked: Api) -> None:
    for call in CALLS:
        if call.method != "GET":
            answer = walked.request(
                call.method, call.path, json=call.body, headers={"Origin": "https://evil.example"}
            )
            assert (answer.status_code, answer.json()["error"]["code"]) == (403, "OriginNotAllowed"), call


@pytest.fixture(scope="module")
def walked(system_processes: System) -> Api:
    """The API of the shared system; the calls of this file leave nothing behind."""
    system_processes.clean()
    return system_processes.api


def outcome(api: Api, principal: Principal | None, call: Call) -> tuple[int, str | None]:
    """Status and error code; every answer is JSON, errors say their code in a header too."""
    answer = api.as_principal(principal).request(call.method, call.path, json=call.body)
    assert answer.headers["x-ms-request-id"]
    if answer.status_code == 204:
        return 204, None
    error = answer.json().get("error") if answer.status_code >= 400 else None
    if error is not None:
        assert error["code"] == answer.headers["x-ms-error-code"]
        assert error["requestId"] == answer.headers["x-ms-request-id"]
    return answer.status_code, error["code"] if error else None
