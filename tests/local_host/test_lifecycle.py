"""Start, failure to start, administration and end of a real host."""

import base64
import json
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests

from tests.local_host.conftest import AppRun, StartApp
from tests.support.eventually import eventually, never


@pytest.fixture
def run(make_app: StartApp) -> AppRun:
    app = make_app("queues", LOCAL_QUEUE_LEASE_SECONDS="60")
    app.queue().create_queue()
    return app


def send(app: AppRun, content: dict[str, Any]) -> None:
    app.queue().send_message(base64.b64encode(json.dumps(content).encode()).decode())


def journal(app: AppRun, what: str) -> list[dict[str, Any]]:
    return [entry for entry in app.journal() if entry["what"] == what]


def post(app: AppRun, path: str, **options: Any) -> requests.Response:
    return requests.post(f"{app.host.base_url}/admin/{path}", timeout=10, **options)


def run_to_its_end(folder: Path, source: str, **settings: str) -> subprocess.CompletedProcess[str]:
    (folder / "function_app.py").write_text(source)
    (folder / "host.json").write_text('{"version": "2.0"}')
    root = str(Path(__file__).resolve().parents[2])
    return subprocess.run(
        [sys.executable, "-m", "local.host", "--port", "0", "--app", str(folder)],
        cwd=root,
        env={"PATH": "", "PYTHONDONTWRITEBYTECODE": "1", **settings},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


HEAD = "import azure.functions as func\napp = func.FunctionApp()\n"


def test_every_fault_is_a_line_and_the_host_does_not_start(tmp_path: Path) -> None:
    source = HEAD + (
        '@app.route("admin/x")\ndef One(req: func.HttpRequest) -> func.HttpResponse: ...\n'
        '@app.route("y")\ndef Two(wrong: func.HttpRequest) -> func.HttpResponse: ...\n'
    )
    ended = run_to_its_end(tmp_path, source)
    assert ended.returncode == 1
    first, second, third = ended.stderr.splitlines()
    assert first.startswith("function 'One': the route")
    assert second.startswith("function 'Two': every parameter")
    assert third.startswith("function 'Two': every binding")
    assert "Ready" not in ended.stdout


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (
            "raise ValueError('TENANT_ID must be a GUID')",
            "function_app.py: ValueError: TENANT_ID must be a GUID",
        ),
        ("import no_such_module", "no_such_module"),
        ("import azure.functions as func", "0 app objects"),
        (HEAD + "other = func.FunctionApp()", "2 app objects"),
        (HEAD + "@app.route('x')\ndef A(req): ...\n" * 2, "A does not have a unique function name"),
    ],
)
def test_an_app_that_cannot_be_imported_is_one_line(tmp_path: Path, source: str, said: str) -> None:
    ended = run_to_its_end(tmp_path, source)
    assert ended.returncode == 1
    (line,) = ended.stderr.splitlines()
    assert said in line


def test_an_app_without_functions_does_not_start(tmp_path: Path) -> None:
    ended = run_to_its_end(tmp_path, HEAD)
    assert ended.returncode == 1
    assert "no function is registered" in ended.stderr.splitlines()[-1]  # the library warns before


def test_the_trace_of_an_import_is_there_on_request(tmp_path: Path) -> None:
    ended = run_to_its_end(tmp_path, "raise ValueError('x')", LOCAL_HOST_DEBUG="1")
    assert ended.returncode == 1
    assert "Traceback" in ended.stderr


def test_a_port_in_use_is_one_line(run: AppRun) -> None:
    port = run.host.base_url.rpartition(":")[2]
    ended = subprocess.run(
        [sys.executable, "-m", "local.host", "--port", port],
        cwd=run.folder,
        env=run.env,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert ended.returncode == 1
    (line,) = ended.stderr.splitlines()
    assert port in line


def test_requests_wait_until_the_app_is_imported(make_app: StartApp) -> None:
    app = make_app("queues", start=False)
    source = app.folder / "function_app.py"
    source.write_text(source.read_text() + "\ntime.sleep(2)\n")
    app.host.start(wait=False)

    def answer() -> requests.Response | None:
        try:
            return requests.get(f"{app.host.base_url}/api/health", timeout=20)
        except requests.ConnectionError:
            return None  # not even listening

    first = eventually(answer, lambda a: a is not None, every=0.02, what="an answer")
    assert first is not None
    assert first.status_code == 200
    assert first.elapsed.total_seconds() > 1


def test_ready_is_said_once_the_host_serves(run: AppRun) -> None:
    eventually(lambda: f"Ready: {run.host.base_url}/" in run.host.log_since_mark(), within=5, what="the line")


def test_run_by_hand(run: AppRun) -> None:
    assert post(run, "functions/work", json={"input": '{"jobId": "by hand"}'}).status_code == 202
    (entry,) = eventually(lambda: journal(run, "end"), within=5, what="the run")
    assert entry["text"] == '{"jobId": "by hand"}'
    assert post(run, "functions/Work").status_code == 400
    assert post(run, "functions/Work", data="no json").status_code == 400
    assert post(run, "functions/Nobody", json={}).status_code == 404


def test_status_ping_and_drain(run: AppRun) -> None:
    status = requests.get(f"{run.host.base_url}/admin/host/status", timeout=10).json()
    assert status["state"] == "Running"
    assert len(status["id"]) == 32
    assert post(run, "host/ping").status_code == 200
    send(run, {"seconds": 1.5})
    eventually(lambda: journal(run, "begin"), what="the run")
    assert post(run, "host/drain").status_code == 202
    drain = f"{run.host.base_url}/admin/host/drain/status"
    assert requests.get(drain, timeout=10).json() == {"state": "InProgress", "outstandingInvocations": 1}
    eventually(
        lambda: requests.get(drain, timeout=10).json()["state"], lambda s: s == "Completed", what="the drain"
    )
    assert len(journal(run, "end")) == 1
    send(run, {"jobId": "later"})
    never(lambda: len(journal(run, "begin")) > 1, during=1, what="a run after the drain")
    assert requests.get(f"{run.host.base_url}/api/health", timeout=10).status_code == 200


def test_sigterm_waits_for_what_runs(run: AppRun) -> None:
    send(run, {"seconds": 2})
    eventually(lambda: journal(run, "begin"), what="the run")
    started = time.monotonic()
    waiting = threading.Thread(target=run.host.terminate)
    waiting.start()
    eventually(lambda: "Ending" in run.host.log_since_mark(), what="the word of the end")
    refused = requests.get(f"{run.host.base_url}/api/health", timeout=10)
    assert (refused.status_code, refused.text) == (503, "Function host is not running.")
    waiting.join()
    assert run.host.wait_for_end() == 0
    assert time.monotonic() - started < 5
    assert len(journal(run, "end")) == 1
    assert run.queue().get_queue_properties().approximate_message_count == 0


def test_sigterm_leaves_what_does_not_end(make_app: StartApp) -> None:
    app = make_app("queues", LOCAL_SHUTDOWN_SECONDS="1", LOCAL_QUEUE_LEASE_SECONDS="60")
    app.queue().create_queue()
    send(app, {"seconds": 30})
    eventually(lambda: journal(app, "begin"), what="the run")
    started = time.monotonic()
    assert app.host.terminate() == 0
    assert time.monotonic() - started < 4
    assert journal(app, "end") == []
    # Neither deleted nor released: still there, still hidden.
    assert app.queue().get_queue_properties().approximate_message_count == 1
    assert list(app.queue().peek_messages()) == []


def test_a_second_signal_ends_at_once(run: AppRun) -> None:
    send(run, {"seconds": 30})
    eventually(lambda: journal(run, "begin"), what="the run")
    process = psutil.Process(run.host.pid)
    process.send_signal(signal.SIGINT)
    eventually(lambda: "Ending" in run.host.log_since_mark(), what="the word of the end")
    process.send_signal(signal.SIGINT)
    assert run.host.wait_for_end(within=2) == 130


def test_function_timeout_ends_the_process(make_app: StartApp) -> None:
    app = make_app("queues", host_json={"functionTimeout": "00:00:01"})
    app.queue().create_queue()
    send(app, {"seconds": 30})
    assert app.host.wait_for_end(within=10) == 3
    assert "functionTimeout: Work has run for 1 s" in app.host.log_since_mark()


def test_memory_and_overhead_of_many_messages(run: AppRun) -> None:
    """The host alone must leave the app nearly all of its 250 MB."""
    for number in range(150):
        send(run, {"jobId": number})
    eventually(lambda: len(journal(run, "end")) >= 150, within=30, what="150 messages")
    assert psutil.Process(run.host.pid).memory_info().rss < 100 * 1024 * 1024
