"""Generated requests against the running host: no 5xx, no undeclared status, no answer but the declared ones.

Each operation of the API's own description gets valid and invalid requests (schemathesis, with a fixed seed).
Where a generated id is well formed, half of the time one that exists takes its place, so that the calls reach
further than 404.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.config import GenerationConfig, ProjectConfig, ProjectsConfig, SchemathesisConfig
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from shared.api.openapi import openapi
from shared.clock import to_iso, utc_now
from tests.conftest import SystemStarter
from tests.support.principals import MANAGER
from tests.system.tenants import OFFICE_E3, POWER_BI, VISIO, mixed_tenant

Json = dict[str, Any]
pytestmark = pytest.mark.system

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
"""Left out: those that expect 405 where the host says 404, and those that take away an `Authorization` header,
which Azure's sign-in reads in front of the app and the app never sees (`test_route_walk` covers sign-in).
"""
BASE_URL = "http://127.0.0.1"
CONFIG = SchemathesisConfig(
    projects=ProjectsConfig(
        default=ProjectConfig(
            generation=GenerationConfig(modes=[GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
        )
    )
)
SCHEMA = schemathesis.openapi.from_dict(openapi(BASE_URL), config=CONFIG)
HOOKS = "127.0.0.1:9"
"""Where callbacks may go: nobody listens there."""
EXAMPLES = 25
"""Requests an operation, besides the description's own examples."""


@dataclass(frozen=True)
class Known:
    """What exists in the tenant and on record, by the path that has its id; `reached` are the answers so far."""

    base_url: str
    groups: tuple[str, ...]
    ids: dict[str, tuple[str, ...]]
    reached: dict[str, set[int]] = field(default_factory=dict)


@pytest.fixture(scope="module")
def known(start_system: SystemStarter) -> Known:
    """Jobs of every kind that end, one that waits, a running temporary licence, and groups."""
    system = start_system({"CALLBACK_HOSTS": HOOKS, "RETRY_MAX_ATTEMPTS": "2"})
    tenant = mixed_tenant(system.control)
    api, groups = system.api, tuple(tenant.groups[name] for name in ("Europe", "Berlin", "Nobody"))
    visio = {"licenses": [{"skuId": VISIO}]}
    export = api.run({"action": "export", "groupIds": [groups[1]]}, status="Finished")
    jobs = [
        api.run(
            {"action": "assign", "groupIds": [groups[0]], "expiresIn": {"value": 2, "unit": "weeks"}} | visio
        ),
        api.run({"action": "remove", "groupIds": [groups[1]], "dryRun": True} | visio),
        export,
        api.run(
            {"action": "assign", "groupIds": [groups[1]], "licenses": [{"skuId": POWER_BI}]},
            status="Finished",
        ),
    ]
    waiting = api.submit(
        {"action": "export", "groupIds": [groups[1]], "startAt": to_iso(utc_now() + timedelta(days=1))}
    )
    grants = [grant["id"] for grant in api.grants()]
    assert grants
    by_path = {
        "/api/groups/{id}/members": groups,
        "/api/temporary-licenses/{id}": tuple(grants),
        "/api/licenses/{id}/service-plans": (VISIO,),
        "/api/jobs/{id}/cancel": (waiting["id"],),
        "/api/jobs/{id}/file": (export["id"],),
        "/api/jobs/{id}/undo": (jobs[-1]["id"],),
    }
    return Known(system.host.base_url, groups, by_path | {"": tuple(job["id"] for job in jobs)})


@SCHEMA.parametrize()
@settings(
    max_examples=EXAMPLES,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
def test_every_answer_is_a_declared_one(case: Case[Any], known: Known) -> None:
    use_what_exists(case, known)
    # The Functions host drops a query parameter without a value, so the app cannot refuse it.
    empty = "" in case.query.values()
    checks = [check for check in CHECKS if not (empty and check is negative_data_rejection)]
    answer = case.call_and_validate(
        base_url=known.base_url, headers=MANAGER.headers(), checks=checks, timeout=60, allow_redirects=False
    )
    known.reached.setdefault(case.operation.label, set()).add(answer.status_code)


def test_every_operation_was_seen_to_succeed(known: Known) -> None:
    """Else the generated requests prove refusals only."""
    if not known.reached:
        pytest.skip("looks at what the generated requests of the whole file reached")
    never = [name for name, statuses in known.reached.items() if not statuses & {200, 201, 202, 204}]
    assert never == []


def use_what_exists(case: Case[Any], known: Known) -> None:
    """Put existing ids in the place of well-formed ones, in half of the cases that are meant to be valid."""
    if case.meta is not None and case.meta.generation.mode.is_negative:
        return
    found = known.ids.get(case.path, known.ids[""])
    if "id" in case.path_parameters and chance(case.path_parameters["id"], 2):
        case.path_parameters["id"] = found[zlib.crc32(case.path_parameters["id"].encode()) % len(found)]
    if isinstance(case.body, dict) and chance(case.body, 2):
        case.body = with_known_ids(case.body, known)
        if case.path.endswith("/undo"):
            case.body["confirm"] = True


def chance(value: object, of: int) -> bool:
    """One in so many, always the same ones."""
    return zlib.crc32(repr(value).encode()) % of == 0


def with_known_ids(body: Json, known: Known) -> Json:
    """The body with groups and licences of the tenant."""
    changed = dict(body)
    if isinstance(changed.get("groupIds"), list):
        changed["groupIds"] = list(known.groups[: len(changed["groupIds"])])
    if isinstance(changed.get("licenses"), list):
        skus = (VISIO, OFFICE_E3)
        changed["licenses"] = [{"skuId": sku} for sku, _ in zip(skus, changed["licenses"], strict=False)]
    if "callbackUrl" in changed:
        changed["callbackUrl"] = f"https://{HOOKS}/hook"
    return changed
