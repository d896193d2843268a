"""Every refusal at submission, over HTTP: its status and code, in the contract's order, and nothing on record."""

import subprocess
import sys
from typing import Any

import pytest

from tests.support.host import settings_for
from tests.support.principals import READER
from tests.support.system import System
from tests.system.tenants import OFFICE_E3, VISIO, Tenant, mixed_tenant

Json = dict[str, Any]
NOWHERE = "00000000-0000-4000-8000-00000000dead"
pytestmark = pytest.mark.system


@pytest.fixture
def tenant(system: System) -> Tenant:
    return mixed_tenant(system.graph.control)


def assign(tenant: Tenant, **more: object) -> Json:
    return {"action": "assign", "groupIds": [tenant.groups["Berlin"]], "licenses": [{"skuId": VISIO}], **more}


def refused(system: System, body: object, **headers: str) -> tuple[int, str]:
    answer = system.host.api.post("jobs", body, **headers)
    error = answer.json()["error"]
    assert answer.headers["x-ms-error-code"] == error["code"]
    assert answer.headers["x-ms-request-id"] == error["requestId"]
    assert system.host.api.read("jobs")["value"] == [], "a refused request left a trace"
    return answer.status_code, error["code"]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param({"action": "steal"}, (400, "InvalidRequest"), id="unknown action"),
        pytest.param({"groupIds": []}, (400, "InvalidRequest"), id="no group"),
        pytest.param({"colour": "blue"}, (400, "InvalidRequest"), id="unknown field"),
        pytest.param({"action": "remove"}, (409, "ConfirmationRequired"), id="remove without confirm"),
        pytest.param(
            {"action": "replace", "replaces": "all"},
            (409, "ConfirmationRequired"),
            id="replace without confirm",
        ),
        pytest.param({"groupIds": [NOWHERE]}, (404, "GroupNotFound"), id="unknown group"),
        pytest.param({"licenses": [{"skuId": NOWHERE}]}, (404, "LicenseNotFound"), id="unknown licence"),
        pytest.param(
            {"licenses": [{"skuId": VISIO, "disabledPlans": [NOWHERE]}]},
            (400, "InvalidRequest"),
            id="foreign plan",
        ),
        pytest.param(
            {"action": "remove", "groupIds": [NOWHERE]},
            (409, "ConfirmationRequired"),
            id="confirmation comes before the group",
        ),
    ],
)
def test_refusals(system: System, tenant: Tenant, change: Json, expected: tuple[int, str]) -> None:
    assert refused(system, assign(tenant) | change) == expected


def test_a_plan_that_is_none(system: System, tenant: Tenant) -> None:
    assert refused(system, {"plan": NOWHERE}) == (404, "PlanNotFound")


def test_all_faults_at_once_each_with_its_place(system: System, tenant: Tenant) -> None:
    answer = system.host.api.post(
        "jobs", {"action": "assign", "groupIds": ["x"], "licenses": [], "colour": 1}
    )
    assert {fault["target"] for fault in answer.json()["error"]["details"]} == {
        "groupIds[0]",
        "licenses",
        "colour",
    }


def test_each_unknown_id_is_named(system: System, tenant: Tenant) -> None:
    body = assign(tenant, groupIds=[NOWHERE, tenant.groups["Berlin"]], licenses=[{"skuId": NOWHERE}])
    error = system.host.api.post("jobs", body).json()["error"]
    assert [(fault["code"], fault["target"]) for fault in error["details"]] == [
        ("GroupNotFound", "groupIds[0]"),
        ("LicenseNotFound", "licenses[0].skuId"),
    ]


def test_a_place_is_that_of_the_request_as_it_was_sent(system: System, tenant: Tenant) -> None:
    def places(body: Json) -> list[str]:
        return [fault["target"] for fault in system.host.api.post("jobs", body).json()["error"]["details"]]

    berlin = tenant.groups["Berlin"]
    assert places(assign(tenant, groupIds=[berlin, berlin.upper(), NOWHERE])) == ["groupIds[2]"]
    replaces = {"action": "replace", "confirm": True, "replaces": [OFFICE_E3, OFFICE_E3.upper(), NOWHERE]}
    assert places(assign(tenant, **replaces)) == ["replaces[2]"]
    (plan, *_) = system.host.api.read(f"licenses/{VISIO}/service-plans")["value"]
    foreign = ["ffffffff-0000-4000-8000-00000000dead", plan["servicePlanId"], NOWHERE, NOWHERE]
    licenses = [{"skuId": VISIO, "disabledPlans": foreign}]
    assert places(assign(tenant, licenses=licenses)) == [
        "licenses[0].disabledPlans[0]",
        "licenses[0].disabledPlans[2]",
    ]


def test_no_unit_left(system: System, tenant: Tenant) -> None:
    system.graph.control.patch_sku(VISIO, enabled=3)
    answer = system.host.api.post("jobs", assign(tenant))
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (409, "NoAvailableLicenses")
    assert "Visio Plan 2" in error["message"]
    assert system.host.api.post("jobs", assign(tenant, allowShortage=True)).status_code == 202


def test_broken_json_too_large_and_of_another_type(system: System, tenant: Tenant) -> None:
    api = system.host.api
    kind = {"Content-Type": "application/json"}
    assert api.request("POST", "jobs", data=b"{", headers=kind).status_code == 400
    assert api.request("POST", "jobs", data=b" " * (1 << 20) + b"{}", headers=kind).status_code == 413
    assert api.request("POST", "jobs", data=b"{}", headers={"Content-Type": "text/plain"}).status_code == 415
    many = assign(tenant, groupIds=[f"00000000-0000-4000-8000-{number:012d}" for number in range(501)])
    answer = api.post("jobs", many)
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "TooManyGroups")


def test_who_may_not(system: System, tenant: Tenant) -> None:
    assert system.host.api.as_principal(None).post("jobs", assign(tenant)).status_code == 401
    reader = system.host.api.as_principal(READER)
    answer = reader.post("jobs", assign(tenant))
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "RoleMissing")
    assert reader.post("jobs", assign(tenant, dryRun=True)).status_code == 202


def test_the_same_key_is_the_same_job(system: System, tenant: Tenant) -> None:
    api = system.host.api
    first = api.post("jobs", assign(tenant), Idempotency_Key="once")
    again = api.post(
        "jobs",
        assign(tenant, usageLocation=None, dryRun=False) | {"groupIds": [tenant.groups["Berlin"].upper()]},
        Idempotency_Key="once",
    )
    assert again.status_code == 202
    assert again.json()["id"] == first.json()["id"]
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.headers["Location"] == first.headers["Location"]
    other = api.post("jobs", assign(tenant, licenses=[{"skuId": OFFICE_E3}]), Idempotency_Key="once")
    assert (other.status_code, other.json()["error"]["code"]) == (422, "IdempotencyKeyReused")
    assert len(api.read("jobs")["value"]) == 1


def test_graph_away_is_503_and_nothing_on_record(system: System, tenant: Tenant) -> None:
    system.graph.control.add_faults(
        {"kind": "status", "status": 503, "path": "/groups", "scope": "any", "retryAfter": 33}
    )
    answer = system.host.api.post("jobs", assign(tenant))
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "GraphUnavailable")
    assert answer.headers["Retry-After"] == "33"
    assert system.host.api.read("jobs")["value"] == []


@pytest.mark.parametrize(
    ("name", "wrong", "said"),
    [
        ("GRAPH_WRITE_LIMIT", {"GRAPH_WRITE_LIMIT": "fast"}, "3000/150"),
        ("RETRY_SCHEDULE", {"RETRY_SCHEDULE": "hourly"}, "'hourly'"),
        (
            "CLIENT_CERTIFICATE",
            {"GRAPH_AUTH": "certificate", "CLIENT_ID": NOWHERE, "CLIENT_CERTIFICATE": "/not/there.pem"},
            "readable file",
        ),
    ],
    ids=["a limit", "a schedule", "a certificate"],
)
def test_a_wrong_setting_stops_the_start_with_one_line(
    system: System, name: str, wrong: dict[str, str], said: str
) -> None:
    env = settings_for(system.azurite.connection_string, system.graph.base_url, wrong)
    line = [sys.executable, "-m", "local.host", "--port", "0"]
    done = subprocess.run(line, env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    (told,) = done.stderr.splitlines()
    assert name in told
    assert said in told
