"""Who is believed, and who is on record: both modes of sign-in, every form of a principal, the audit."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from shared.clock import to_iso, utc_now
from tests.conftest import SystemStarter
from tests.support.api import Api
from tests.support.principals import FLOW, MANAGER, READER, ROLE
from tests.support.system import System
from tests.system.tenants import POWER_BI, VISIO, Tenant, mixed_tenant

Json = dict[str, Any]
pytestmark = pytest.mark.system

KEY = "a-function-key"
OBJECT_ID = "http://schemas.microsoft.com/identity/claims/objectidentifier"


@pytest.fixture
def tenant(system: System) -> Tenant:
    return mixed_tenant(system.control)


@pytest.fixture(scope="module")
def nobody(system_processes: System) -> Api:
    """The API without a sign-in, for calls that leave nothing behind."""
    system_processes.clean()
    return system_processes.api.as_principal(None)


@dataclass(frozen=True)
class Raw:
    """A principal as the platform might write it."""

    claims: tuple[tuple[str, str], ...]
    role_typ: str = ROLE
    padded: bool = True

    def headers(self) -> dict[str, str]:
        content = {
            "auth_typ": "aad",
            "name_typ": "name",
            "role_typ": self.role_typ,
            "claims": [{"typ": typ, "val": val} for typ, val in self.claims],
        }
        text = base64.b64encode(json.dumps(content).encode()).decode()
        return {"X-MS-CLIENT-PRINCIPAL": text if self.padded else text.rstrip("=")}


MEGAN = ((OBJECT_ID, "00000000-0000-4000-8000-000000000009"), ("name", "Megan"))
FORMS = {
    "roles of a v2.0 token": Raw((*MEGAN, ("roles", "Licenses.Read"))),
    "the long claim type": Raw((*MEGAN, (ROLE, "Licenses.Read"))),
    "a remapped claim type": Raw((*MEGAN, ("my-roles", "Licenses.Read")), role_typ="my-roles"),
    "several roles": Raw((*MEGAN, ("roles", "Other.Role"), ("roles", "Licenses.Manage"))),
    "without padding": Raw((*MEGAN, ("roles", "Licenses.Read")), padded=False),
    "short claim types": Raw(
        (("oid", MEGAN[0][1]), ("preferred_username", "m@x.y"), ("roles", "Licenses.Read"))
    ),
    "a program": Raw((("appid", MEGAN[0][1]), ("roles", "Licenses.Read"))),
}
STRANGE = {
    "no base64": "%%%",
    "no JSON": base64.b64encode(b"claims").decode(),
    "a list": base64.b64encode(b"[]").decode(),
    "no claims": base64.b64encode(b"{}").decode(),
    "claims of another kind": base64.b64encode(b'{"claims": {"roles": "Licenses.Manage"}}').decode(),
    "nobody": base64.b64encode(b'{"claims": [{"typ": "roles", "val": "Licenses.Manage"}]}').decode(),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_role_is_read(nobody: Api, form: str) -> None:
    assert nobody.request("GET", "locations", headers=FORMS[form].headers()).status_code == 200


@pytest.mark.parametrize("role", ["licenses.read", "Licenses.Reader", " Licenses.Read", "Licenses.Read,x"])
def test_a_role_is_read_to_the_letter(nobody: Api, role: str) -> None:
    headers = Raw((*MEGAN, ("roles", role))).headers()
    assert nobody.request("GET", "locations", headers=headers).status_code == 403


@pytest.mark.parametrize("header", STRANGE)
def test_what_is_no_principal_is_nobody(nobody: Api, header: str) -> None:
    answer = nobody.request("GET", "locations", headers={"X-MS-CLIENT-PRINCIPAL": STRANGE[header]})
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "Unauthenticated")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_without_the_platforms_authentication_nobody_is_believed(start_system: SystemStarter) -> None:
    system = start_system({"WEBSITE_AUTH_ENABLED": None})
    for path in ("jobs", "audit", "locations"):
        assert system.api.get(path).status_code == 401
    assert system.api.post("jobs", {}).status_code == 401


def test_with_keys_the_host_checks_and_the_key_is_on_record(start_system: SystemStarter) -> None:
    system = start_system({"AUTH_MODE": "key", "WEBSITE_AUTH_ENABLED": None, "LOCAL_FUNCTION_KEY": KEY})
    tenant = mixed_tenant(system.control)
    stranger = system.api.as_principal(None)
    assert system.api.get("jobs").status_code == 401  # a principal's header opens nothing here
    assert stranger.request("GET", "jobs", headers={"x-functions-key": "wrong"}).status_code == 401
    keyed = {"x-functions-key": KEY}
    body = {"action": "assign", "groupIds": [tenant.groups["Germany"]], "licenses": [{"skuId": VISIO}]}
    answer = stranger.request("POST", "jobs", json=body, headers=keyed)
    assert answer.status_code == 202
    assert answer.json()["createdBy"] == {"name": "key", "kind": "key"}
    assert KEY not in answer.text + str(answer.headers)
    assert stranger.get(answer.headers["Location"]).status_code in (200, 202)  # the token in it suffices
    without_token = answer.headers["Location"].partition("?")[0]
    assert stranger.get(without_token).status_code == 401
    entries = stranger.request("GET", "audit", headers=keyed).json()["value"]
    assert [entry["by"] for entry in entries] == [{"name": "key", "kind": "key"}]


def test_a_reader_cancels_only_dry_runs_of_their_own(system: System, tenant: Tenant) -> None:
    reader, manager = system.api.as_principal(READER), system.api
    dry = {"action": "assign", "licenses": [{"skuId": VISIO}], "dryRun": True} | in_group(tenant)
    system.control.set_latency(300)
    mine, theirs = reader.submit(dry), manager.submit(dry)
    assert reader.post(f"jobs/{theirs['id']}/cancel").status_code == 403
    assert reader.post(f"jobs/{mine['id']}/cancel").status_code in (202, 409)  # 409: it had ended by then
    assert reader.post(f"jobs/{mine['id']}/start").status_code == 403


def test_every_request_is_on_record_with_who_made_it(system: System, tenant: Tenant) -> None:
    """Submit, start, cancel, change of a grant and undo: each once, newest first, by three callers."""
    manager, flow = system.api, system.api.as_principal(FLOW)
    later = {"startAt": "2099-01-01T00:00:00Z"}
    assert manager.post("jobs", {**assign(tenant), **later}).status_code == 400  # refused: not on record
    job = flow.submit(
        assign(tenant) | {"expiresIn": {"value": 1, "unit": "months"}, "groupIds": [europe(tenant)]}
    )
    flow.wait(job["id"], status="FinishedWithException")
    manager.start(job["id"])
    manager.wait(job["id"])
    grant = manager.grants(userId=tenant.users["none"])[0]
    assert manager.patch(f"temporary-licenses/{grant['id']}", {"permanent": True}).status_code == 200
    undo = flow.undo(job["id"], confirm=True)
    flow.wait(undo["id"])
    assert [(entry["what"], entry["by"]["kind"], entry["jobId"]) for entry in manager.all("audit")] == [
        ("JobSubmitted", "app", undo["id"]),
        ("GrantMadePermanent", "user", job["id"]),
        ("JobStarted", "user", job["id"]),
        ("JobSubmitted", "app", job["id"]),
    ]
    assert undo["createdBy"] == {"name": FLOW.app_id, "kind": "app"}
    changed = manager.all("temporary-licenses", status="ended", userId=tenant.users["none"])[0]
    assert [event["by"] for event in changed["history"]] == [
        {"name": FLOW.app_id, "kind": "app"},
        {"name": MANAGER.name, "kind": "user"},
    ]


def test_a_canceled_job_names_who_canceled_it(system: System, tenant: Tenant) -> None:
    from_tomorrow = {"startAt": tomorrow()}
    job = system.api.submit(assign(tenant) | from_tomorrow)
    system.api.cancel(job["id"])
    system.api.wait(job["id"], status="Canceled")
    entries = system.api.all("audit", jobId=job["id"])
    assert [entry["what"] for entry in entries] == ["JobCanceled", "JobSubmitted"]
    assert {entry["by"]["name"] for entry in entries} == {MANAGER.name}
    assert system.api.all("audit", by="nobody@contoso.example") == []
    assert len(system.api.all("audit", by=MANAGER.name, pageSize=1)) == 2


def test_a_repeated_submission_is_on_record_once(system: System, tenant: Tenant) -> None:
    api: Api = system.api
    for _ in range(3):
        api.submit(assign(tenant), Idempotency_Key="once")
    assert [entry["what"] for entry in api.all("audit")] == ["JobSubmitted"]


def assign(tenant: Tenant) -> Json:
    return {"action": "assign", "licenses": [{"skuId": POWER_BI}]} | in_group(tenant)


def in_group(tenant: Tenant) -> Json:
    return {"groupIds": [tenant.groups["Germany"]]}


def europe(tenant: Tenant) -> str:
    return tenant.groups["Europe"]


def tomorrow() -> str:
    return to_iso(utc_now() + timedelta(days=1))
