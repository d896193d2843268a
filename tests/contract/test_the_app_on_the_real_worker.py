"""The app as it is indexed and called by Microsoft's own worker core, and by the local host: the same answers."""

import base64
import json
import os
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.local_host.functions_runtime import FunctionsRuntime, RuntimeMissingError, install_runtime
from tests.support.host import settings_for
from tests.support.principals import MANAGER
from tests.support.process import ROOT
from tests.support.system import System

NOWHERE = "00000000-0000-4000-8000-00000000dead"
QUEUES = ("license-jobs", "license-groups", "license-chunks")
pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def worker(system_processes: System) -> Iterator[FunctionsRuntime]:
    try:
        install_runtime()
    except RuntimeMissingError as missing:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"azure-functions-runtime cannot be installed: {missing}")
    env = settings_for(system_processes.azurite.connection_string, system_processes.graph.base_url, {})
    with FunctionsRuntime(ROOT, env) as runtime:
        yield runtime


def test_the_app_is_indexed(worker: FunctionsRuntime) -> None:
    assert worker.failure is None
    triggers = {
        name: next(binding for binding in bindings if binding["type"].endswith("Trigger"))
        for name, bindings in worker.functions.items()
    }
    queues = {trigger["queueName"] for trigger in triggers.values() if trigger["type"] == "queueTrigger"}
    assert {name for queue in QUEUES for name in (queue, f"{queue}-poison")} <= queues
    schedules = {trigger["schedule"] for trigger in triggers.values() if trigger["type"] == "timerTrigger"}
    assert {"%RETRY_SCHEDULE%", "%EXPIRY_SCHEDULE%"} <= schedules
    routes = {trigger["route"] for trigger in triggers.values() if trigger["type"] == "httpTrigger"}
    assert {"api/jobs", "api/jobs/{id}", "api/health", "portal/{*path}"} <= routes
    assert max(triggers, key=str.lower) == "ZzNotFound", "the catch-all route must match last"


@pytest.mark.parametrize(
    ("function", "method", "path", "route_params"),
    [
        ("ListLicenses", "GET", "/api/licenses", {}),
        ("ListGroups", "GET", "/api/groups?search=Sales&pageSize=100", {}),
        ("GetJob", "GET", f"/api/jobs/{NOWHERE}", {"id": NOWHERE}),
        ("SubmitJob", "POST", "/api/jobs", {}),
        ("ZzNotFound", "GET", "/api/nowhere", {"rest": "nowhere"}),
    ],
)
def test_both_give_the_same_answer(
    worker: FunctionsRuntime,
    system: System,
    function: str,
    method: str,
    path: str,
    route_params: dict[str, str],
) -> None:
    url, body = f"{system.host.base_url}{path}", b'{"action": "nothing"}' if method == "POST" else b""
    headers = {**MANAGER.headers(), **({"content-type": "application/json"} if body else {})}
    here = requests.request(method, url, headers=headers, data=body, timeout=30)
    query = dict(part.split("=") for part in path.partition("?")[2].split("&") if part)
    there = worker.http(
        function,
        method=method,
        url=url,
        headers={name.lower(): value for name, value in headers.items()},
        params=query,
        route_params=route_params,
        body=body,
    )
    assert there["status"] == "success", there
    answer = there["http"]
    assert answer["status"] == here.status_code
    there_headers = {name.lower(): value for name, value in answer["headers"].items()}
    assert there_headers["content-type"] == here.headers["content-type"]
    assert _without_request_id(json.loads(base64.b64decode(answer["body"]))) == _without_request_id(
        here.json()
    )


def test_queue_and_timer_functions_run(worker: FunctionsRuntime) -> None:
    metadata: dict[str, str | int] = {"Id": "m1", "DequeueCount": "1", "PopReceipt": "r"}
    message = json.dumps({"jobId": NOWHERE, "step": "begin"})
    handled = worker.queue("HandleJob", message, metadata)
    assert handled["status"] == "success", handled
    timer = {"Schedule": {"AdjustForDST": True}, "ScheduleStatus": None, "IsPastDue": False}
    assert worker.timer("RetryTimer", timer)["status"] == "success"


def _without_request_id(answer: dict[str, Any]) -> dict[str, Any]:
    if "error" in answer and isinstance(answer["error"], dict):
        answer["error"].pop("requestId", None)
    return answer
