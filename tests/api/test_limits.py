"""The limits of the API over HTTP, and that every refusal is JSON with a request id that the log knows."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
import requests

from tests.conftest import SystemStarter
from tests.support.api import Api
from tests.support.principals import FLOW
from tests.support.system import System
from tests.system.tenants import VISIO, Tenant, mixed_tenant

Json = dict[str, Any]
pytestmark = pytest.mark.system

PER_MINUTE = 3


@pytest.fixture(scope="module")
def limited(start_system: SystemStarter) -> System:
    return start_system({"SUBMITS_PER_MINUTE": str(PER_MINUTE)})


@pytest.fixture
def tenant(limited: System) -> Tenant:
    limited.clean()
    return mixed_tenant(limited.control)


def body(tenant: Tenant, **more: Any) -> Json:
    return {"action": "assign", "groupIds": [tenant.groups["Nobody"]], "licenses": [{"skuId": VISIO}], **more}


def refusal(answer: requests.Response) -> tuple[int, str]:
    """Status and code, once the answer has the form of every error."""
    error = answer.json()["error"]
    assert answer.headers["Content-Type"].startswith("application/json")
    assert answer.headers["x-ms-error-code"] == error["code"]
    assert answer.headers["x-ms-request-id"] == error["requestId"]
    assert error["message"]
    return answer.status_code, error["code"]


def test_a_caller_has_so_many_submissions_a_minute(limited: System, tenant: Tenant) -> None:
    """Replays do not count, refused requests do; others are not held up."""
    api, flow = limited.api, limited.api.as_principal(FLOW)
    answers = [api.post("jobs", body(tenant), Idempotency_Key="one") for _ in range(3)]
    answers += [api.post("jobs", {"action": "none"}) for _ in range(PER_MINUTE)]
    answers += [api.post("jobs", body(tenant)), api.post("jobs", body(tenant), Idempotency_Key="one")]
    statuses = [answer.status_code for answer in answers]
    assert statuses[:3] == [202, 202, 202]
    assert statuses[-1] == 202
    refused = [answer for answer in answers if answer.status_code == 429]
    # The minute may turn meanwhile; then the count begins anew.
    assert len(refused) in (0, 2)
    assert {refusal(answer) for answer in refused} <= {(429, "TooManyRequests")}
    assert all(1 <= int(answer.headers["Retry-After"]) <= 60 for answer in refused)
    assert flow.post("jobs", body(tenant)).status_code == 202
    assert len(api.all("jobs")) == 2 if refused else 3


def test_a_request_is_small(limited: System, tenant: Tenant) -> None:
    api = limited.api.as_principal(FLOW)
    large = body(tenant, note="x" * 1_048_576)
    assert refusal(api.post("jobs", large)) == (413, "RequestTooLarge")
    groups = {"groupIds": [str(uuid4()) for _ in range(501)]}
    assert refusal(api.post("licenses/assigned", groups)) == (413, "TooManyGroups")
    assert refusal(api.post("jobs", body(tenant) | groups)) == (413, "TooManyGroups")
    assert refusal(api.post("jobs", body(tenant) | {"groupIds": groups["groupIds"][:500]}))[0] == 404


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"data": b"{", "headers": {"Content-Type": "application/json"}}, (400, "InvalidRequest")),
        ({"data": b"a=b"}, (415, "UnsupportedMediaType")),
        ({"data": b"{}", "headers": {"Content-Type": "text/plain"}}, (415, "UnsupportedMediaType")),
        (
            {"data": "{}".encode("utf-16"), "headers": {"Content-Type": "application/json"}},
            (400, "InvalidRequest"),
        ),
        ({"data": iter([b"{}"]), "headers": {"Content-Type": "application/json"}}, (400, "InvalidRequest")),
    ],
    ids=["no JSON", "a form", "text", "UTF-16", "in chunks"],
)
def test_a_body_is_json(limited: System, options: Json, expected: tuple[int, str]) -> None:
    assert refusal(limited.api.request("POST", "licenses/assigned", **options)) == expected


def test_every_refusal_is_json_and_in_the_log(limited: System, tenant: Tenant) -> None:
    api: Api = limited.api
    limited.control.add_faults({"kind": "status", "status": 418, "path": "^/groups$", "code": "Teapot"})
    answers = {
        (401, "Unauthenticated"): api.as_principal(None).get("jobs"),
        (404, "JobNotFound"): api.get(f"jobs/{uuid4()}"),
        (404, "NotFound"): api.get("nothing/here"),
        (400, "InvalidRequest"): api.get("jobs", pageSize=0),
        (500, "Unexpected"): api.get("groups"),
    }
    limited.control.clear_faults()
    log = limited.host.log_since_mark()
    for expected, answer in answers.items():
        assert refusal(answer) == expected
        assert answer.headers["x-ms-request-id"] in log, expected


@pytest.mark.parametrize("path", ["groups", "licenses"])
def test_graph_away_is_503_with_retry_after(limited: System, tenant: Tenant, path: str) -> None:
    limited.control.add_faults({"kind": "status", "status": 503, "retryAfter": 7})
    answer = limited.api.get(path)
    if answer.status_code == 200:  # licences are remembered for a while
        assert path == "licenses"
    else:
        assert refusal(answer) == (503, "GraphUnavailable")
        assert int(answer.headers["Retry-After"]) >= 1
