"""Drives: small uploads, upload sessions with their fragment rules, and what is stored in the end."""

import hashlib
from urllib.parse import urlsplit

import pytest

from local.graph.drives import FRAGMENT_UNIT
from tests.graph_simulator.in_process import Json, LocalGraph, Reply

FILE = "/drives/b!1/root:/Reports/licenses.csv:"
DATA = bytes(range(256)) * (FRAGMENT_UNIT // 256) * 2 + b"the end"


def open_session(graph: LocalGraph, behavior: str = "replace") -> str:
    body = {"item": {"@microsoft.graph.conflictBehavior": behavior}}
    reply = graph.call("POST", f"{FILE}/createUploadSession", body)
    assert reply.status == 200
    assert reply.json["nextExpectedRanges"] == ["0-"]
    return urlsplit(str(reply.json["uploadUrl"])).path


def put(graph: LocalGraph, url: str, start: int, stop: int, **headers: str) -> Reply:
    headers = {"Content-Range": f"bytes {start}-{stop - 1}/{len(DATA)}", **headers}
    return graph.raw("PUT", url, DATA[start:stop], headers)


def stored(graph: LocalGraph) -> list[tuple[str, int, str]]:
    return [(file["path"], file["size"], file["sha256"]) for file in graph.control("GET", "drives")]


def test_a_small_file(graph_app: LocalGraph) -> None:
    statuses = [graph_app.call("PUT", f"{FILE}/content", data).status for data in (b"old", b"new")]
    assert statuses == [201, 200]
    assert graph_app.get(f"{FILE}/content").content == b"new"
    assert graph_app.raw("GET", "/_control/drives/b!1/content?path=Reports/licenses.csv").content == b"new"
    assert graph_app.get("/drives/b!1/root:/none:/content").code == "itemNotFound"


def test_fragments_in_order_make_the_file(graph_app: LocalGraph) -> None:
    url, unit = open_session(graph_app), FRAGMENT_UNIT
    first = put(graph_app, url, 0, unit)
    assert (first.status, first.json["nextExpectedRanges"]) == (202, [f"{unit}-"])
    assert stored(graph_app) == [], "nothing is there until all is"
    assert graph_app.raw("GET", url).json["nextExpectedRanges"] == [f"{unit}-"]
    assert put(graph_app, url, unit, 2 * unit).status == 202
    last = put(graph_app, url, 2 * unit, len(DATA))
    assert (last.status, last.json["name"], last.json["size"]) == (201, "licenses.csv", len(DATA))
    assert stored(graph_app) == [("/Reports/licenses.csv", len(DATA), hashlib.sha256(DATA).hexdigest())]
    assert put(graph_app, url, 0, unit).status == 404, "the session is over"


UNIT = FRAGMENT_UNIT
BAD_FRAGMENTS: list[tuple[str, int, int, dict[str, str], int]] = [
    ("no multiple", 0, 1000, {}, 400),
    ("a gap", UNIT, 2 * UNIT, {}, 416),
    ("range does not fit", 0, UNIT, {"Content-Range": f"bytes 0-{UNIT}/{len(DATA)}"}, 400),
    ("no range", 0, UNIT, {"Content-Range": ""}, 400),
    ("authorised", 0, UNIT, {"Authorization": "Bearer x"}, 401),
]


@pytest.mark.parametrize(
    ("start", "stop", "headers", "status"), [r[1:] for r in BAD_FRAGMENTS], ids=[r[0] for r in BAD_FRAGMENTS]
)
def test_bad_fragments(
    graph_app: LocalGraph, start: int, stop: int, headers: dict[str, str], status: int
) -> None:
    url = open_session(graph_app)
    assert put(graph_app, url, start, stop, **headers).status == status
    assert put(graph_app, url, 0, UNIT).status == 202, "the session goes on"


def test_a_fragment_twice_is_416(graph_app: LocalGraph) -> None:
    url = open_session(graph_app)
    assert [put(graph_app, url, 0, UNIT).status for _ in range(2)] == [202, 416]


CONFLICTS = [("replace", 200, ["/Reports/licenses.csv"]), ("rename", 201, ["/Reports/licenses 1.csv"])]


@pytest.mark.parametrize(("behavior", "status", "paths"), CONFLICTS)
def test_what_is_there_is_replaced_or_kept(
    graph_app: LocalGraph, behavior: str, status: int, paths: list[str]
) -> None:
    graph_app.call("PUT", f"{FILE}/content", b"old")
    url = open_session(graph_app, behavior)
    put(graph_app, url, 0, 2 * UNIT)
    assert put(graph_app, url, 2 * UNIT, len(DATA)).status == status
    assert [path for path, size, _ in stored(graph_app) if size == len(DATA)] == paths


def test_a_name_taken_can_fail_the_session(graph_app: LocalGraph) -> None:
    graph_app.call("PUT", f"{FILE}/content", b"old")
    body: Json = {"item": {"@microsoft.graph.conflictBehavior": "fail"}}
    assert graph_app.call("POST", f"{FILE}/createUploadSession", body).status == 409


def test_a_session_can_be_cancelled_and_expires(graph_app: LocalGraph) -> None:
    url = open_session(graph_app)
    assert graph_app.raw("DELETE", url).status == 204
    assert graph_app.raw("GET", url).status == 404
    other = open_session(graph_app)
    graph_app.clock.advance(24 * 3600)
    assert graph_app.raw("GET", other).status == 404
