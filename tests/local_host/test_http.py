"""HTTP as the functions see it and as the caller sees it, through a real host."""

import http.client
import json
import os
import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from tests.local_host.conftest import AppRun, StartApp

GUID = "0f8fad5b-d9cb-469f-a165-70867728950e"


@pytest.fixture(scope="module")
def run(make_app: StartApp) -> AppRun:
    host_json = {
        "extensions": {"http": {"routePrefix": "", "customHeaders": {"X-Content-Type-Options": "nosniff"}}}
    }
    return make_app(
        "http",
        host_json=host_json,
        FUNCTIONS_REQUEST_BODY_SIZE_LIMIT="1000",
        **{"AzureWebJobs.Off.Disabled": "true"},
    )


@pytest.fixture(scope="module")
def keyed(make_app: StartApp) -> AppRun:
    settings = {"LOCAL_FUNCTION_KEY": "fkey", "LOCAL_MASTER_KEY": "mkey", "AzureWebJobs.Off.Disabled": "true"}
    return make_app("http", **settings)


@pytest.fixture
def raw(run: AppRun) -> Iterator[http.client.HTTPConnection]:
    connection = http.client.HTTPConnection(urlsplit(run.host.base_url).netloc, timeout=10)
    yield connection
    connection.close()


def seen(response: requests.Response) -> dict[str, Any]:
    assert response.status_code == 200, response.text
    content: dict[str, Any] = response.json()
    return content


def get(run: AppRun, path: str, **options: Any) -> requests.Response:
    return requests.get(run.host.base_url + path, timeout=10, **options)


@pytest.mark.parametrize("path", ["/order/exact", "/order/other", "/ORDER/exact/"])
def test_the_first_in_the_alphabet_wins_not_the_most_specific(run: AppRun, path: str) -> None:
    assert seen(get(run, path))["who"] == "alpha"


def test_a_constraint_decides(run: AppRun) -> None:
    answer = seen(get(run, f"/jobs/{GUID}/items"))
    assert answer["routeParams"] == {"id": GUID, "part": "items"}
    assert seen(get(run, f"/jobs/{GUID}"))["routeParams"] == {"id": GUID}
    miss = get(run, "/jobs/5")
    assert (miss.status_code, miss.content) == (404, b"")


@pytest.mark.parametrize("method", ["PUT", "HEAD", "OPTIONS", "DELETE"])
def test_a_method_that_is_not_named_is_a_miss(run: AppRun, method: str) -> None:
    answer = requests.request(method, f"{run.host.base_url}/jobs/{GUID}", timeout=10)
    assert (answer.status_code, answer.content) == (404, b"")


def test_what_the_function_sees(run: AppRun) -> None:
    answer = seen(
        requests.post(
            f"{run.host.base_url}/jobs/{GUID}?a=1&empty=&A=2&b=x%20y+z&code=k",
            data=b"body",
            headers={"X-Mixed-Case": "v"},
            timeout=10,
        )
    )
    assert answer["method"] == "POST"
    assert answer["url"] == f"{run.host.base_url}/jobs/{GUID}?a=1&empty=&A=2&b=x%20y+z&code=k"
    assert answer["params"] == {"a": "1,2", "b": "x y z", "code": "k"}
    assert answer["headers"]["x-mixed-case"] == "v"
    assert answer["body"] == "body"


def test_repeated_headers_are_joined(raw: http.client.HTTPConnection) -> None:
    raw.putrequest("GET", f"/jobs/{GUID}")
    raw.putheader("X-Twice", "a")
    raw.putheader("x-twice", "b")
    raw.endheaders()
    assert json.loads(raw.getresponse().read())["headers"]["x-twice"] == "a,b"


def test_a_chunked_body_arrives_empty_with_a_warning(run: AppRun, raw: http.client.HTTPConnection) -> None:
    run.host.mark_log()
    raw.request("POST", "/echo", body=iter([b"some ", b"bytes"]), encode_chunked=True)
    response = raw.getresponse()
    assert (response.status, response.read()) == (200, b"")
    assert "chunked request body was dropped" in run.host.log_since_mark()
    raw.request("POST", "/echo", body=b"again")  # the connection is still good
    assert raw.getresponse().read() == b"again"


def test_body_limit(run: AppRun) -> None:
    url = f"{run.host.base_url}/echo"
    body = os.urandom(1000)
    assert requests.post(url, data=body, timeout=10).content == body
    too_large = requests.post(url, data=body + b"x", timeout=10)
    assert (too_large.status_code, too_large.content) == (413, b"")


def test_an_answer_as_azure_sends_it(run: AppRun) -> None:
    answer = get(run, "/answers/full")
    assert (answer.status_code, answer.text) == (201, "made")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["x-one"] == "1"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["transfer-encoding"] == "chunked"
    assert "content-length" not in answer.headers
    assert answer.cookies.get_dict() == {"a": "1", "b": "2"}


@pytest.mark.parametrize(
    ("kind", "status", "content_type", "body"),
    [
        ("text", 200, "text/plain; charset=utf-8", b"plain text"),
        ("json", 200, "application/json; charset=utf-8", b'{\n  "a": [\n    1\n  ]\n}'),
        ("described", 201, "application/json; charset=utf-8", b'{\n  "c": 1\n}'),
    ],
)
def test_a_returned_str(run: AppRun, kind: str, status: int, content_type: str, body: bytes) -> None:
    answer = get(run, f"/answers/{kind}")
    assert (answer.status_code, answer.headers["content-type"], answer.content) == (
        status,
        content_type,
        body,
    )


@pytest.mark.parametrize(
    ("kind", "logged"),
    [("none", "unable to encode"), ("error", "secret detail"), ("header", "'X-Name'")],
)
def test_a_failure_is_500_with_the_reason_in_the_log_alone(run: AppRun, kind: str, logged: str) -> None:
    run.host.mark_log()
    answer = get(run, f"/answers/{kind}")
    assert (answer.status_code, answer.content) == (500, b"")
    assert logged in run.host.log_since_mark()


def test_home_page_and_misses(run: AppRun) -> None:
    home = get(run, "/")
    assert home.status_code == 200
    assert home.headers["content-type"] == "text/html"
    miss = get(run, "/nothing/here")
    assert (miss.status_code, miss.content) == (404, b"")
    assert get(run, "/.auth/me").status_code == 404  # nobody signs in here


def test_a_log_line_tells_function_and_invocation(run: AppRun) -> None:
    run.host.mark_log()
    answer = get(run, "/process", headers={"X-Secret": "hidden"})
    assert answer.json()["function"] == "Process"
    log = run.host.log_since_mark()
    assert "a line from the app" in log
    (line,) = (line for line in log.splitlines() if "a line from the app" in line)
    assert "INFO" in line
    assert "[Process " in line
    assert "hidden" not in log


def test_disabled_is_a_miss_but_for_the_master_key(run: AppRun, keyed: AppRun) -> None:
    assert get(run, "/off").status_code == 404
    assert get(keyed, "/off").status_code == 404
    assert get(keyed, "/off", headers={"x-functions-key": "mkey"}).status_code == 200


@pytest.mark.parametrize(
    ("path", "header", "status"),
    [
        ("/keyed", None, 401),
        ("/keyed", "wrong", 401),
        ("/keyed", "fkey", 200),
        ("/keyed", "mkey", 200),
        ("/keyed?code=fkey", None, 200),
        ("/keyed?code=fkey", "wrong", 401),  # with both the header alone counts
        ("/keyed?code=wrong", "fkey", 200),
        ("/keyed", "fke", 401),
        ("/ruled", "fkey", 401),
        ("/ruled?code=mkey", None, 200),
        ("/api/health", "wrong", 200),
        ("/nothing", "wrong", 404),
        ("/admin/host/status", "fkey", 401),
        ("/admin/host/status", "mkey", 200),
        ("/admin/nothing", None, 401),
    ],
)
def test_keys(keyed: AppRun, path: str, header: str | None, status: int) -> None:
    answer = get(keyed, path, headers={"x-functions-key": header} if header else {})
    assert answer.status_code == status
    if status == 401:
        assert answer.content == b""


def test_a_key_in_the_query_stays_visible_to_the_function(keyed: AppRun) -> None:
    answer = seen(get(keyed, "/keyed?code=fkey"))
    assert answer["params"] == {"code": "fkey"}


def test_no_keys_no_check(run: AppRun) -> None:
    assert get(run, "/ruled").status_code == 200
    assert get(run, "/admin/host/status").status_code == 200


def test_cors(make_app: StartApp) -> None:
    app = make_app("http", start=False)
    (app.folder / "local.settings.json").write_text(
        json.dumps({"Values": {"WEBSITE_AUTH_ENABLED": "false"}, "Host": {"CORS": "http://page.test"}})
    )
    app.host.start()
    preflight = {"Origin": "http://page.test", "Access-Control-Request-Method": "POST"}
    answer = requests.options(f"{app.host.base_url}/echo", headers=preflight, timeout=10)
    assert answer.headers["access-control-allow-origin"] == "http://page.test"
    stranger = get(app, "/api/health", headers={"Origin": "http://other.test"})
    assert "access-control-allow-origin" not in stranger.headers


def test_a_client_that_hangs_up_does_not_matter(run: AppRun) -> None:
    netloc = urlsplit(run.host.base_url)
    with socket.create_connection((str(netloc.hostname), netloc.port or 80)) as connection:
        connection.sendall(b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf")
    assert get(run, "/api/health").status_code == 200
