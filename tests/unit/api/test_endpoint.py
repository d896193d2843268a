"""The door of every HTTP function: order of the checks, roles, errors, headers."""

import base64
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import azure.functions as func
import pytest
from azure.core.exceptions import HttpResponseError, ServiceRequestError, ServiceResponseError
from azure.functions.http import HttpRequest

from handlers.endpoint import EndpointSettings, Handler, RequestContext, endpoint
from handlers.responses import Answer, accepted_answer, file_answer, job_answer
from shared.api.routes import ROUTES, Access
from shared.api.rules import Limits
from shared.api.urls import Urls
from shared.errors import (
    Conflict,
    Fault,
    InvalidRequest,
    LastingGraphError,
    NotFound,
    PassingGraphError,
    SettingError,
    StorageUnavailable,
    TooManyRequests,
)
from shared.models import Action, Caller, JobRequest, JobStatus, JobView

ENTRA = EndpointSettings("entra", platform_auth_on=True)
KEY = EndpointSettings("key", platform_auth_on=False)
JOB = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
GROUP = "2f1d0c64-6a3b-4a53-9d57-51a1c9d0b2aa"
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
LIMITS = Limits(frozenset(), NOW)
JSON = {"Content-Type": "application/json"}
VIEW = JobView(
    job_id=JOB,
    status=JobStatus.IN_PROGRESS,
    request=JobRequest(Action.ASSIGN),
    created_at=NOW,
    created_by=Caller("megan@contoso.com", "user", "user::megan"),
    wait_token="right",
)


def principal(*roles: str, name: str = "megan") -> dict[str, str]:
    claims = [{"typ": "oid", "val": name}, *({"typ": "roles", "val": role} for role in roles)]
    text = json.dumps({"auth_typ": "aad", "claims": claims})
    return {"X-MS-CLIENT-PRINCIPAL": base64.b64encode(text.encode()).decode()}


MANAGER = principal("Licenses.Manage")
READER = principal("Licenses.Read")
STRANGER = principal()
NOBODY: dict[str, str] = {}


def request(
    method: str = "GET",
    path: str = "api/jobs",
    *,
    body: bytes = b"",
    headers: Mapping[str, str] = {},
    params: Mapping[str, str] = {},
    item: str = JOB,
) -> func.HttpRequest:
    return HttpRequest(
        method,
        f"https://licenses.contoso.com/{path}?ignored",
        headers=dict(headers),
        params=dict(params),
        route_params={"id": item},
        body_type="bytes",
        body=body,
    )


def call(
    route: str, handler: Handler, asked: func.HttpRequest, settings: EndpointSettings = ENTRA
) -> tuple[int, Any, Mapping[str, str]]:
    response = endpoint(route, handler, settings)(asked)
    assert response.headers["x-ms-request-id"]
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    document = json.loads(response.get_body())
    if response.status_code >= 400 and "error" in document:
        assert response.headers["x-ms-error-code"] == document["error"]["code"]
        assert response.headers["x-ms-request-id"] == document["error"]["requestId"]
        assert response.headers["Content-Type"] == "application/json; charset=utf-8"
    return response.status_code, document, response.headers


def code(answered: tuple[int, Any, Mapping[str, str]]) -> tuple[int, str]:
    return answered[0], answered[1]["error"]["code"]


def ok(_: RequestContext) -> Answer:
    return Answer({"ok": True})


def unreached(_: RequestContext) -> Answer:
    raise AssertionError("the handler must not be called")


def raising(error: Exception) -> Handler:
    def handler(_: RequestContext) -> Answer:
        raise error

    return handler


def submit(context: RequestContext) -> Answer:
    return Answer({"action": context.submission(LIMITS).accepted().action}, 202)


def body(**fields: object) -> bytes:
    return json.dumps(
        {"action": "assign", "groupIds": [GROUP], "licenses": [{"skuId": JOB}], **fields}
    ).encode()


def test_a_route_outside_the_table_cannot_be_served() -> None:
    with pytest.raises(KeyError):
        endpoint("DeleteEverything", ok, ENTRA)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_every_route_asks_for_its_role(route: Any) -> None:
    def status(headers: Mapping[str, str]) -> int:
        return call(route.name, ok, request(route.method, headers=headers))[0]

    found = [status(headers) for headers in (NOBODY, STRANGER, READER, MANAGER)]
    expected = {
        Access.ANONYMOUS: [200, 200, 200, 200],
        Access.TOKEN: [401, 401, 401, 401],  # this handler lets nobody in
        Access.READ: [401, 403, 200, 200],
        Access.MANAGE: [401, 403, 403, 200],
    }
    assert found == expected[route.access]


def test_missing_sign_in_and_missing_role_say_so() -> None:
    status, document, headers = call("ListJobs", unreached, request())
    assert (status, document["error"]["code"]) == (401, "Unauthenticated")
    assert headers["WWW-Authenticate"] == "Bearer"
    assert code(call("ListJobs", unreached, request(headers=STRANGER))) == (403, "RoleMissing")


def test_a_forged_header_is_not_believed() -> None:
    off = EndpointSettings("entra", platform_auth_on=False)
    assert code(call("ListJobs", unreached, request(headers=MANAGER), off)) == (401, "Unauthenticated")


def test_a_key_may_everything() -> None:
    assert call("StartJob", ok, request("POST"), KEY)[0] == 200


LARGE = b" " * 1_048_577


@pytest.mark.parametrize(
    ("headers", "content", "expected"),
    [
        ({"Origin": "https://evil.example"}, LARGE, (401, "Unauthenticated")),
        (STRANGER | {"Origin": "https://evil.example"}, LARGE, (403, "OriginNotAllowed")),
        (STRANGER, LARGE, (403, "RoleMissing")),
        (MANAGER, LARGE, (413, "RequestTooLarge")),
        (MANAGER, b"{", (415, "UnsupportedMediaType")),
        (MANAGER | {"Content-Type": "text/plain"}, b"{", (415, "UnsupportedMediaType")),
        (MANAGER | {"Content-Type": "application/json; charset=utf-16"}, b"{", (415, "UnsupportedMediaType")),
        (MANAGER | JSON, b"{", (400, "InvalidRequest")),
        (MANAGER, b"", (400, "InvalidRequest")),
        (READER | JSON, b"{}", (403, "RoleMissing")),
        (MANAGER | JSON, b"{}", (400, "InvalidRequest")),
    ],
)
def test_checks_come_in_the_contracts_order(
    headers: Mapping[str, str], content: bytes, expected: tuple[int, str]
) -> None:
    assert code(call("SubmitJob", submit, request("POST", body=content, headers=headers))) == expected


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "Application/JSON; charset=UTF-8", 'application/json;charset="utf-8"'],
)
def test_media_types_that_are_json(content_type: str) -> None:
    asked = request("POST", body=body(), headers=MANAGER | {"Content-Type": content_type})
    assert call("SubmitJob", submit, asked)[0] == 202


def test_the_origin_is_compared_with_the_public_address_where_one_is_set() -> None:
    public = replace(ENTRA, public_base_url="https://public.contoso.com")
    for origin, status in (("https://public.contoso.com", 202), ("https://licenses.contoso.com", 403)):
        asked = request("POST", body=body(), headers=MANAGER | JSON | {"Origin": origin})
        assert call("SubmitJob", submit, asked, public)[0] == status


def test_a_chunked_body_gets_its_own_message() -> None:
    asked = request("POST", headers=MANAGER | {"Transfer-Encoding": "chunked"})
    assert "chunks" in call("SubmitJob", submit, asked)[1]["error"]["message"]


def test_faults_of_query_body_and_header_come_together() -> None:
    asked = request(
        "POST",
        body=body(note=5),
        headers=MANAGER | JSON | {"Idempotency-Key": "é"},
        params={"failOnError": "maybe", "foo": "1", "code": "key"},
    )
    status, document, _ = call("SubmitJob", submit, asked)
    assert status == 400
    assert [detail["target"] for detail in document["error"]["details"]] == [
        "failOnError",
        "foo",
        "note",
        "Idempotency-Key",
    ]


def test_readers_may_plan_but_not_change() -> None:
    def status(content: bytes) -> int:
        return call("SubmitJob", submit, request("POST", body=content, headers=READER | JSON))[0]

    assert status(body(dryRun=True)) == 202
    assert status(b'{"action": "export", "groupIds": ["%s"]}' % GROUP.encode()) == 202
    assert status(body()) == 403
    assert status(b'{"plan": "%s"}' % JOB.encode()) == 403


def test_undo_by_readers_is_a_dry_run_only() -> None:
    def undo(context: RequestContext) -> Answer:
        return Answer({"of": context.undo().accepted().undo_of}, 202)

    dry = request("POST", body=b'{"dryRun": true}', headers=READER | JSON, item=JOB.upper())
    assert call("UndoJob", undo, dry)[:2] == (202, {"of": JOB})
    assert code(call("UndoJob", undo, request("POST", headers=READER))) == (403, "RoleMissing")
    assert call("UndoJob", undo, request("POST", headers=MANAGER))[0] == 202


@pytest.mark.parametrize(
    ("headers", "job", "status"),
    [
        (READER, replace(VIEW, request=JobRequest(Action.ASSIGN, dry_run=True)), 200),
        (READER, VIEW, 403),
        (
            principal("Licenses.Read", name="else"),
            replace(VIEW, request=JobRequest(Action.ASSIGN, dry_run=True)),
            403,
        ),
        (MANAGER, VIEW, 200),
    ],
)
def test_readers_cancel_their_own_dry_runs(headers: Mapping[str, str], job: JobView, status: int) -> None:
    def cancel(context: RequestContext) -> Answer:
        context.require_to_cancel(job)
        return Answer({})

    assert call("CancelJob", cancel, request("POST", headers=headers))[0] == status


@pytest.mark.parametrize("content", [b"", b"{}"])
def test_calls_without_a_body_take_an_empty_one(content: bytes) -> None:
    assert call("StartJob", ok, request("POST", body=content, headers=MANAGER | JSON))[0] == 200


def test_calls_without_a_body_take_no_fields() -> None:
    asked = request("POST", body=b'{"confirm": true}', headers=MANAGER | JSON, params={"foo": "1"})
    _, document, _ = call("StartJob", unreached, asked)
    assert [detail["target"] for detail in document["error"]["details"]] == ["foo", "confirm"]


def test_query_faults_of_a_list() -> None:
    asked = request(headers=READER, params={"pageSize": "0", "status": "x", "t": "token"})
    _, document, _ = call("ListJobs", unreached, asked)
    assert [detail["target"] for detail in document["error"]["details"]] == ["pageSize", "status"]


@pytest.mark.parametrize(
    ("route", "method", "expected"),
    [("GetJob", "GET", "JobNotFound"), ("ChangeTemporaryLicense", "PATCH", "GrantNotFound")],
)
def test_an_id_that_is_no_guid_is_not_found(route: str, method: str, expected: str) -> None:
    def handler(context: RequestContext) -> Answer:
        return Answer({"id": context.id})

    assert code(call(route, handler, request(method, headers=MANAGER, item="7"))) == (404, expected)
    assert call(route, handler, request(method, headers=MANAGER, item=JOB.upper()))[1] == {"id": JOB}


def wait(context: RequestContext) -> Answer:
    context.admit(VIEW.wait_token)
    return job_answer(VIEW, context.urls, {})


@pytest.mark.parametrize(
    ("headers", "token", "settings", "status"),
    [
        (NOBODY, "right", ENTRA, 200),
        (NOBODY, "wrong", ENTRA, 401),
        (NOBODY, "", ENTRA, 401),
        (NOBODY, "ö", ENTRA, 401),
        (READER, "wrong", ENTRA, 200),
        (READER, "", ENTRA, 200),
        (STRANGER, "right", ENTRA, 200),
        (STRANGER, "wrong", ENTRA, 403),
        ({"X-MS-CLIENT-PRINCIPAL": "junk"}, "right", ENTRA, 200),
        (NOBODY, "right", KEY, 200),
        (NOBODY, "wrong", KEY, 401),
    ],
)
def test_the_wait_url(
    headers: Mapping[str, str], token: str, settings: EndpointSettings, status: int
) -> None:
    params = {"t": token} if token else {}
    assert call("WaitForJob", wait, request(headers=headers, params=params), settings)[0] == status


@pytest.mark.parametrize(("token", "status"), [("wrong", 401), ("right", 400)])
def test_the_wait_url_judges_the_query_after_the_token(token: str, status: int) -> None:
    assert call("WaitForJob", wait, request(params={"t": token, "failOnError": "maybe"}))[0] == status


def test_a_stranger_does_not_learn_which_jobs_there_are() -> None:
    missing = raising(NotFound("No such job.", code="JobNotFound"))
    assert code(call("WaitForJob", missing, request())) == (401, "Unauthenticated")
    assert code(call("WaitForJob", missing, request(headers=READER))) == (404, "JobNotFound")


def test_a_cursor_goes_round_in_the_next_link() -> None:
    def first(context: RequestContext) -> Answer:
        assert context.cursor is None
        return Answer({"value": [], "nextLink": context.next_link({"row": "a"})})

    params = {"status": "Failed", "pageSize": "5", "code": "secret", "t": "token"}
    link = call("ListJobs", first, request(headers=READER, params=params))[1]["nextLink"]
    head, _, cursor = link.partition("&cursor=")
    assert head == "https://licenses.contoso.com/api/jobs?status=Failed&pageSize=5"

    def second(context: RequestContext) -> Answer:
        return Answer(context.cursor)

    assert call("ListJobs", second, request(headers=READER, params={"cursor": cursor}))[1] == {"row": "a"}
    answered = call("ListAudit", second, request(headers=READER, params={"cursor": cursor}))
    assert answered[0] == 400
    assert answered[1]["error"]["target"] == "cursor"


def azure_error(status: int, error_code: str = "") -> HttpResponseError:
    """An answer of Storage as azure-core raises it; the storage packages add `error_code`."""
    error = HttpResponseError("https://account.example/?sig=secret")
    error.status_code = status
    error.error_code = error_code  # type: ignore[attr-defined] # set by azure-data-tables and -storage
    return error


@pytest.mark.parametrize(
    ("error", "status", "expected", "retry_after"),
    [
        (
            InvalidRequest("Bad.", target="x", details=(Fault("InvalidRequest", "Bad.", "x"),)),
            400,
            "InvalidRequest",
            None,
        ),
        (Conflict("Running.", code="JobRunning"), 409, "JobRunning", None),
        (TooManyRequests("Slower."), 429, "TooManyRequests", "10"),
        (TooManyRequests("Slower.", retry_after=3), 429, "TooManyRequests", "3"),
        (TooManyRequests("Slower.", retry_after=0), 429, "TooManyRequests", "10"),
        (StorageUnavailable(retry_after=7), 503, "StorageUnavailable", "7"),
        (PassingGraphError("Throttled", "Busy.", retry_after=2.1), 503, "GraphUnavailable", "3"),
        (PassingGraphError("GraphUnavailable", "Away."), 503, "GraphUnavailable", "10"),
        (LastingGraphError("Forbidden", "Grant GroupMember.Read.All."), 503, "GraphUnavailable", "10"),
        (LastingGraphError("Unexpected", "Odd."), 500, "Unexpected", None),
        (ServiceRequestError("no route"), 503, "StorageUnavailable", "10"),
        (ServiceResponseError("cut off"), 503, "StorageUnavailable", "10"),
        (azure_error(503), 503, "StorageUnavailable", "10"),
        (azure_error(403), 503, "StorageUnavailable", "10"),
        (azure_error(404, "TableNotFound"), 503, "StorageUnavailable", "10"),
        (azure_error(404, "ResourceNotFound"), 500, "Unexpected", None),
        (azure_error(409, "EntityAlreadyExists"), 500, "Unexpected", None),
        (SettingError("GRAPH_AUTH is wrong"), 500, "Unexpected", None),
        (ValueError("secret detail"), 500, "Unexpected", None),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_the_whole_error_tree(error: Exception, status: int, expected: str, retry_after: str | None) -> None:
    answered = call("ListJobs", raising(error), request(headers=READER))
    assert code(answered) == (status, expected)
    assert answered[2].get("Retry-After") == retry_after
    assert "secret" not in json.dumps(answered[1])


def test_the_trace_of_the_unforeseen_is_in_the_log_only(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="handlers"):
        _, document, _ = call("ListJobs", raising(ValueError("detail")), request(headers=READER))
    assert "Traceback" not in json.dumps(document)
    assert "ValueError: detail" in caplog.text
    assert document["error"]["requestId"] in caplog.text


def test_the_log_holds_no_token(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        call("WaitForJob", wait, request(params={"t": "right", "code": "my-key"}))
    assert "WaitForJob answered 200" in caplog.text
    assert "right" not in caplog.text
    assert "my-key" not in caplog.text


def test_a_reason_by_graph_names_its_request() -> None:
    error = PassingGraphError("Throttled", "Busy.", graph_request_id="abc")
    _, document, _ = call("ListJobs", raising(error), request(headers=READER))
    assert document["error"]["message"] == "Busy. Try again later. (Graph request abc)"


def _accepted(**options: bool) -> Callable[[RequestContext], Answer]:
    return lambda context: accepted_answer(VIEW, context.urls, {}, **options)


@pytest.mark.parametrize(
    ("options", "query", "replayed"),
    [
        ({}, "", None),
        ({"fail_on_error": True}, "&failOnError=true", None),
        ({"replayed": True}, "", "true"),
    ],
)
def test_202(options: dict[str, bool], query: str, replayed: str | None) -> None:
    status, document, headers = call("CancelJob", _accepted(**options), request("POST", headers=MANAGER))
    base = f"https://licenses.contoso.com/api/jobs/{JOB}"
    assert (status, document["id"]) == (202, JOB)
    assert headers["Location"] == f"{base}/wait?t=right{query}"
    assert headers["Operation-Location"] == base
    assert int(headers["Retry-After"]) >= 1
    assert headers.get("Idempotent-Replayed") == replayed


@pytest.mark.parametrize(("status", "retry"), [(JobStatus.WAITING, True), (JobStatus.FAILED, False)])
def test_a_job_that_runs_says_when_to_ask_again(status: JobStatus, retry: bool) -> None:
    answer = job_answer(replace(VIEW, status=status), Urls("https://x"), {})
    assert ("Retry-After" in answer.headers) is retry


def test_a_file() -> None:
    def download(_: RequestContext) -> Answer:
        return file_answer(b"\xef\xbb\xbfa", "text/csv", "licenses.csv")

    response = endpoint("GetJobFile", download, ENTRA)(request(headers=READER))
    assert response.get_body() == b"\xef\xbb\xbfa"
    assert response.headers["Content-Type"] == "text/csv"
    assert response.headers["Content-Disposition"] == 'attachment; filename="licenses.csv"'
    assert response.headers["X-Content-Type-Options"] == "nosniff"
