"""Query parameters and cursors."""

import base64
import json

import pytest

from shared.api import cursor
from shared.api.query import Query, read_query
from shared.api.routes import BY_NAME, ROUTES
from shared.errors import InvalidRequest

SKU = "6fd2c87f-b296-42f0-b197-1e91e994b900"


def read(route: str, **params: str) -> tuple[Query, list[str | None]]:
    query, faults = read_query(params, BY_NAME[route].parameters)
    return query, [fault.target for fault in faults]


def test_defaults() -> None:
    query, faults = read("ListJobs")
    assert (query.page_size, query.cursor, query.get("status"), faults) == (100, None, None, [])


@pytest.mark.parametrize("size", ["1", "100", "999"])
def test_page_sizes(size: str) -> None:
    query, faults = read("ListJobs", pageSize=size)
    assert (query.page_size, faults) == (int(size), [])


@pytest.mark.parametrize("size", ["0", "1000", "-1", "1.5", "ten", " 5", "٣", "1,2"])
def test_no_page_sizes(size: str) -> None:
    assert read("ListJobs", pageSize=size)[1] == ["pageSize"]


@pytest.mark.parametrize(
    ("route", "name", "value", "understood"),
    [
        ("ListJobs", "status", "FinishedWithException", "FinishedWithException"),
        ("ListJobs", "action", "expire", "expire"),
        ("ListJobs", "search", " Sales ", "Sales"),
        ("ListGroups", "search", "東京\u3000営業", "東京\u3000営業"),
        ("ListGroups", "search", "Ventes\u00a0Paris", "Ventes\u00a0Paris"),
        ("ListGroups", "search", "\u0645\u06cc\u200c\u0631\u0648", "\u0645\u06cc\u200c\u0631\u0648"),
        ("ListGroups", "search", "👩\u200d💻", "👩\u200d💻"),
        ("ListJobItems", "status", "retrying", "retrying"),
        ("ListJobItems", "warning", "LosesMailbox", "LosesMailbox"),
        ("GetJobReport", "format", "csv", "csv"),
        ("WaitForJob", "failOnError", "true", "true"),
        ("SubmitJob", "failOnError", "false", "false"),
        ("ListTemporaryLicenses", "status", "ended", "ended"),
        ("ListTemporaryLicenses", "skuId", SKU.upper(), SKU),
        ("ListTemporaryLicenses", "expiresBefore", "2026-11-24T09:00:00+01:00", "2026-11-24T08:00:00Z"),
        ("ListAudit", "jobId", SKU, SKU),
    ],
)
def test_filters(route: str, name: str, value: str, understood: str) -> None:
    query, faults = read(route, **{name: value})
    assert (query.get(name), faults) == (understood, [])


@pytest.mark.parametrize(
    ("route", "name", "value"),
    [
        ("ListJobs", "status", "finished"),
        ("ListJobs", "status", "Finished,Failed"),
        ("ListJobs", "action", "delete"),
        ("ListJobs", "search", "x" * 201),
        ("ListJobs", "search", "a\nb"),
        ("ListJobs", "search", "a\tb"),
        ("ListJobs", "search", "a\u0000b"),
        ("ListJobs", "search", "a\u007fb"),
        ("ListJobs", "search", "a\u0085b"),
        ("ListJobItems", "status", "Finished"),
        ("ListJobItems", "warning", "Nonsense"),
        ("GetJobReport", "format", "pdf"),
        ("WaitForJob", "failOnError", "yes"),
        ("ListTemporaryLicenses", "userId", "megan@contoso.com"),
        ("ListTemporaryLicenses", "expiresBefore", "2026-11-24"),
        ("GetJob", "pageSize", "5"),
        ("GetJob", "$top", "5"),
        ("ListJobs", "PageSize", "5"),
    ],
)
def test_faults(route: str, name: str, value: str) -> None:
    assert read(route, **{name: value})[1] == [name]


def test_all_faults_come_at_once_and_keys_are_no_fault() -> None:
    assert read("ListJobs", pageSize="0", status="x", foo="1", code="key", t="token")[1] == [
        "pageSize",
        "status",
        "foo",
    ]


def test_lists_are_paged() -> None:
    lists = [route for route in ROUTES if route.name.startswith("List") and route.method == "GET"]
    assert len(lists) == 10
    assert all({"pageSize", "cursor"} <= {known.name for known in route.parameters} for route in lists)


def test_a_cursor_comes_back() -> None:
    state = {"row": "ä/+?=&", "n": 5, "deep": [{"x": None}]}
    text = cursor.encode("ListJobs", state)
    assert set(text) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    assert cursor.decode("ListJobs", text) == state


def _edited() -> str:
    document = json.loads(base64.urlsafe_b64decode(cursor.encode("ListJobs", {"row": "abcd"}) + "=="))
    document["at"]["row"] = "zzzz"
    return base64.urlsafe_b64encode(json.dumps(document).encode()).decode()


def _other_version() -> str:
    document = json.loads(base64.urlsafe_b64decode(cursor.encode("ListJobs", {"row": "abcd"}) + "=="))
    return base64.urlsafe_b64encode(json.dumps(document | {"v": 2}).encode()).decode()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "rubbish",
        "ä",
        "!!!!",
        "bnVsbA",
        "W10",
        cursor.encode("ListAudit", {"row": "a"}),
        cursor.encode("ListJobs", {"row": "abcd"})[:-4],
        cursor.encode("ListJobs", {"row": "abcd"}) + "AAAA",
        _edited(),
        _other_version(),
        base64.urlsafe_b64encode(b"[" * 2000).decode(),
        cursor.encode("ListJobs", {"row": "\ud800"}),
    ],
)
def test_rubbish_is_no_cursor(text: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        cursor.decode("ListJobs", text)
    assert caught.value.target == "cursor"


def test_what_a_cursor_holds_is_a_text_or_nothing() -> None:
    assert cursor.text({"after": "a"}, "after") == "a"
    assert cursor.text({}, "after") is None
    assert cursor.text(None, "after") is None
    with pytest.raises(InvalidRequest) as caught:
        cursor.text({"after": 5}, "after")
    assert caught.value.target == "cursor"
