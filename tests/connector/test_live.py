"""What the running host answers is what the connector says, nulls left out as flows do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft4Validator, FormatChecker  # type: ignore[import-untyped] # it comes without types

from connector.build import FOLDER
from tests.conftest import SystemStarter
from tests.connector.lint import operations
from tests.support.receiver import Receiver
from tests.support.system import System
from tests.system.tenants import VISIO, Tenant, mixed_tenant

Json = dict[str, Any]
pytestmark = pytest.mark.system

DEFINITION: Json = json.loads((FOLDER / "apiDefinition.swagger.json").read_text("utf-8"))
OPERATIONS = {
    operation["operationId"]: (path, method, operation) for path, method, operation in operations(DEFINITION)
}


@pytest.fixture(scope="module")
def receiver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Receiver]:
    with Receiver(tmp_path_factory.mktemp("receiver")) as receiver:
        yield receiver


@pytest.fixture(scope="module")
def live(start_system: SystemStarter, receiver: Receiver) -> System:
    return start_system(receiver.settings)


@pytest.fixture(scope="module")
def tenant(live: System) -> Tenant:
    return mixed_tenant(live.control)


def call(live: System, name: str, *, id: str = "", body: Json | None = None, **query: str) -> Any:
    """The operation's answer, once it has the declared form; None where none is declared."""
    path, method, operation = OPERATIONS[name]
    answer = live.api.request(method.upper(), path.lstrip("/").replace("{id}", id), json=body, params=query)
    declared = operation["responses"]
    assert str(answer.status_code) in declared, answer.text
    schema = declared[str(answer.status_code)].get("schema")
    if answer.status_code == 202:
        schema = declared["200"]["schema"]
        assert answer.headers["Location"]
        assert int(answer.headers["Retry-After"]) >= 1
    if schema is None or schema.get("format") == "binary":
        return None
    return conforming(answer.json(), schema)


def conforming(answer: Any, schema: Json) -> Any:
    Draft4Validator(schema, format_checker=FormatChecker()).validate(without_nulls(answer))
    return answer


def without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: without_nulls(part) for name, part in value.items() if part is not None}
    return [without_nulls(part) for part in value] if isinstance(value, list) else value


def test_every_operation_answers_as_declared(live: System, receiver: Receiver, tenant: Tenant) -> None:
    called: set[str] = set()

    def run(name: str, **options: Any) -> Any:
        called.add(name)
        return call(live, name, **options)

    group = tenant.groups["Europe"]
    jobs, expiry = receiver.url("/jobs"), receiver.url("/expiry")
    subscription = run("WhenJobFinishes", body={"callbackUrl": jobs})
    assign = {"action": "assign", "groupIds": [group], "licenses": [{"skuId": VISIO}]}
    job = run("SubmitJob", body=assign | {"expiresIn": {"value": 5, "unit": "days"}})
    live.api.wait(job["id"])
    export = run("SubmitJob", body={"action": "export", "groupIds": [group], "export": {"format": "csv"}})
    live.api.wait(export["id"])
    run("WhenLicenseExpires", body={"callbackUrl": expiry})
    for name in (
        "ListGroups",
        "ListLicenses",
        "ListLocations",
        "ListJobs",
        "ListTemporaryLicenses",
        "ListAudit",
    ):
        assert run(name)["value"], name
    assert run("ListGroupMembers", id=group)["value"]
    assert run("ListServicePlans", id=VISIO)["value"]
    assert run("ListAssignedLicenses", body={"groupIds": [group]})["value"]
    for name in ("GetJob", "ListJobItems", "GetJobReport", "StartJob"):
        run(name, id=job["id"])
    live.api.wait(job["id"])
    run("GetJobFile", id=export["id"])
    run("WaitForJob", id=job["id"], t=live.api.job(job["id"])["links"]["wait"].partition("t=")[2])
    grant = live.api.grants()[0]
    run("ChangeTemporaryLicense", id=grant["id"], body={"expiresIn": {"value": 2, "unit": "months"}})
    undo = run("UndoJob", id=job["id"], body={"confirm": True})
    live.api.wait(undo["id"])
    later = run("SubmitJob", body=assign | {"dryRun": True})
    run("CancelJob", id=later["id"])
    for path, trigger in (("/jobs", "/subscriptions/jobs"), ("/expiry", "/subscriptions/expiry")):
        content = DEFINITION["paths"][trigger]["x-ms-notification-content"]["schema"]
        conforming(receiver.wait(path)[0].json, content)
    run("DeleteSubscription", id=subscription["id"])
    assert called == set(OPERATIONS)
