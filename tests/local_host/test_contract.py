"""The same calls through Microsoft's worker core and through the local host give the same."""

import base64
import json
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import azure.functions as func
import pytest
import requests

from local.host.errors import HostStartError
from local.host.indexing import index_functions
from tests.local_host.conftest import AppRun, StartApp
from tests.local_host.functions_runtime import FunctionsRuntime, RuntimeMissingError, install_runtime
from tests.support.eventually import eventually

GUID = "0f8fad5b-d9cb-469f-a165-70867728950e"
HOP_HEADERS = {"date", "transfer-encoding", "content-length", "connection"}


@pytest.fixture(scope="module", autouse=True)
def _runtime() -> None:
    try:
        install_runtime()
    except RuntimeMissingError as missing:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"azure-functions-runtime cannot be installed: {missing}")


@pytest.fixture(scope="module")
def http_app(make_app: StartApp) -> AppRun:
    return make_app("http")


@pytest.fixture(scope="module")
def http_runtime(http_app: AppRun) -> Iterator[FunctionsRuntime]:
    with FunctionsRuntime(http_app.folder, http_app.env) as runtime:
        yield runtime


@pytest.mark.parametrize(
    ("function", "method", "path", "route_params", "body"),
    [
        ("Jobs", "GET", f"/jobs/{GUID}?a=1&a=2&empty=&b=x%20y", {"id": GUID}, b""),
        ("Jobs", "POST", f"/jobs/{GUID}/items", {"id": GUID, "part": "items"}, b"text \xc3\xa4"),
        ("Echo", "POST", "/echo", {}, bytes(range(256))),
        ("Answers", "GET", "/answers/full", {"kind": "full"}, b""),
        ("Health", "GET", "/api/health", {}, b""),
    ],
)
def test_http(
    http_app: AppRun,
    http_runtime: FunctionsRuntime,
    function: str,
    method: str,
    path: str,
    route_params: dict[str, str],
    body: bytes,
) -> None:
    url = http_app.host.base_url + path
    sent = {"X-Mixed-Case": "value", "Accept-Encoding": "identity"}
    ours = requests.request(method, url, data=body or None, headers=sent, timeout=10)
    headers = {name.lower(): value for name, value in ours.request.headers.items()}
    headers["host"] = http_app.host.base_url.removeprefix("http://")
    params = {"a": "1,2", "b": "x y"} if "?" in path else {}
    theirs = http_runtime.http(
        function, method=method, url=url, headers=headers, params=params, route_params=route_params, body=body
    )
    assert theirs["status"] == "success", theirs
    answer = theirs["http"]
    assert ours.status_code == answer["status"]
    assert ours.cookies.get_dict() == answer["cookies"]
    assert lowered(ours.headers) == lowered(answer["headers"])
    assert content(ours.content) == content(base64.b64decode(answer["body"]))


def lowered(headers: Any) -> dict[str, str]:
    kept = {name.lower(): value for name, value in headers.items()}
    return {name: value for name, value in kept.items() if name not in HOP_HEADERS | {"set-cookie"}}


def content(body: bytes) -> object:
    return json.loads(body) if body.startswith(b"{") else body


@pytest.mark.parametrize("kind", ["none", "error"])
def test_what_the_worker_fails_is_500_here(
    http_app: AppRun, http_runtime: FunctionsRuntime, kind: str
) -> None:
    theirs = http_runtime.http("Answers", route_params={"kind": kind})
    assert theirs["status"] == "failure"
    assert requests.get(f"{http_app.host.base_url}/answers/{kind}", timeout=10).status_code == 500


def test_a_returned_str_is_handed_over_as_text(http_runtime: FunctionsRuntime) -> None:
    assert http_runtime.http("Answers", route_params={"kind": "json"})["text"] == '{"a": [1]}'


@pytest.fixture(scope="module")
def queue_app(make_app: StartApp) -> AppRun:
    app = make_app("queues")
    app.queue().create_queue()
    return app


@pytest.fixture(scope="module")
def queue_runtime(queue_app: AppRun, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FunctionsRuntime]:
    journal = str(tmp_path_factory.mktemp("theirs") / "journal.txt")
    with FunctionsRuntime(queue_app.folder, {**queue_app.env, "JOURNAL": journal}) as runtime:
        yield runtime


def iso(moment: datetime | None) -> str:
    assert moment is not None
    return moment.isoformat()


def their_journal(runtime_env_journal: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in runtime_env_journal.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize(
    "text", ['{"jobId": "ä"}', "plain", '["list"]', "", '{"id": "mine", "DequeueCount": 3}']
)
def test_queue(queue_app: AppRun, tmp_path: Path, text: str) -> None:
    sent = queue_app.queue().send_message(base64.b64encode(text.encode()).decode())
    (ours,) = eventually(
        lambda: [e for e in queue_app.journal() if e["what"] == "begin" and e["text"] == text], what="the run"
    )
    overlaid = json.loads(text) if text.startswith("{") else {}
    metadata = {
        "Id": overlaid.get("id", sent.id),
        "PopReceipt": "receipt",
        "DequeueCount": str(overlaid.get("DequeueCount", 1)),
        "InsertionTime": iso(sent.inserted_on),
        "ExpirationTime": iso(sent.expires_on),
        "NextVisibleTime": iso(sent.next_visible_on),
    }
    journal = tmp_path / "journal.txt"
    with FunctionsRuntime(queue_app.folder, {**queue_app.env, "JOURNAL": str(journal)}) as runtime:
        assert runtime.queue("Work", text, metadata)["status"] == "success"
    theirs = their_journal(journal)[0]
    for member in ("text", "id", "dequeueCount", "insertionTime", "hasReceipt"):
        assert ours[member] == theirs[member], member


def test_queue_text_parameter_and_output(queue_runtime: FunctionsRuntime) -> None:
    assert queue_runtime.queue("Poison", "any", {"Id": "1"})["status"] == "success"
    copied = queue_runtime.queue("Copy", "text", {"Id": "1"})
    assert copied["outputs"] == {"out": {"string": "text copied"}}


@pytest.mark.parametrize("metadata", [{"DequeueCount": "two"}, {"ExpirationTime": "soon"}])
def test_metadata_that_does_not_convert_fails_the_try(
    queue_runtime: FunctionsRuntime, metadata: dict[str, str]
) -> None:
    # test_queues.py shows that such bodies end in the poison queue here.
    assert queue_runtime.queue("Work", "{}", {"Id": "1", **metadata})["status"] == "failure"


def test_timer(make_app: StartApp, tmp_path: Path) -> None:
    app = make_app("timers")
    (ours,) = eventually(lambda: [e for e in app.journal() if e["what"] == "AtStart"], what="the run")
    journal = tmp_path / "journal.txt"
    timer = {"Schedule": {"AdjustForDST": True}, "ScheduleStatus": ours["status"], "IsPastDue": False}
    with FunctionsRuntime(app.folder, {**app.env, "JOURNAL": str(journal)}) as runtime:
        failed = runtime.timer("AtStart", timer)
        assert "a failure counts as done" in failed["message"]
        assert runtime.timer("Yearly", {**timer, "ScheduleStatus": None})["status"] == "success"
    theirs, without_status = their_journal(journal)
    for member in ("pastDue", "status", "schedule"):
        assert ours[member] == theirs[member], member
    assert without_status["status"] == {}


BROKEN = {
    "no parameter": "def f() -> None: ...",
    "one too many": "def f(msg: func.QueueMessage, other: str) -> None: ...",
    "other type": "def f(msg: func.TimerRequest) -> None: ...",
    "union": "def f(msg: func.QueueMessage | str) -> None: ...",
    "out": "def f(msg: func.Out[str]) -> None: ...",
    "context": "def f(msg: func.QueueMessage, context: int) -> None: ...",
}
TAKEN = {
    "plain": "def f(msg: func.QueueMessage) -> None: ...",
    "no annotation": "def f(msg): ...",
    "str": "def f(msg: str) -> None: ...",
    "bytes": "def f(msg: bytes) -> None: ...",
    "context": "async def f(msg: func.QueueMessage, context: func.Context) -> None: ...",
}


@pytest.mark.parametrize("source", [*BROKEN.values(), *TAKEN.values()])
def test_what_the_worker_refuses_is_refused_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    text = (
        "import azure.functions as func\napp = func.FunctionApp()\n"
        '@app.queue_trigger(arg_name="msg", queue_name="jobs", connection="AzureWebJobsStorage")\n' + source
    )
    (tmp_path / "function_app.py").write_text(text)
    with FunctionsRuntime(tmp_path) as runtime:
        refused = runtime.failure is not None
    monkeypatch.setenv("AzureWebJobsStorage", "UseDevelopmentStorage=true")
    scope: dict[str, Any] = {"func": func}
    exec(text, scope)  # noqa: S102 - a text of this file
    try:
        index_functions(list(scope["app"].get_functions()), "")
    except HostStartError:
        assert refused
    else:
        assert not refused
