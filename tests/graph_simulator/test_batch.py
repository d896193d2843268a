"""`$batch`: what makes a batch malformed, how items are answered, and how they depend on one another."""

from typing import Any

import pytest

from tests.graph_simulator.conftest import Firm
from tests.graph_simulator.in_process import Json

JSON = {"Content-Type": "application/json"}


def get(number: str, url: str = "/organization", **fields: Any) -> Json:
    return {"id": number, "method": "GET", "url": url, **fields}


MALFORMED: list[tuple[str, object]] = [
    ("no object", []),
    ("no requests", {}),
    ("empty", {"requests": []}),
    ("21 items", {"requests": [get(str(n)) for n in range(21)]}),
    ("same id twice", {"requests": [get("1"), get("1")]}),
    ("ids that differ in case only", {"requests": [get("a"), get("A")]}),
    ("id no string", {"requests": [{"id": 1, "method": "GET", "url": "/organization"}]}),
    ("no url", {"requests": [{"id": "1", "method": "GET"}]}),
    ("depends on nobody", {"requests": [get("1", dependsOn=["2"])]}),
    ("depends on two", {"requests": [get("1"), get("2"), get("3", dependsOn=["1", "2"])]}),
    ("a circle", {"requests": [get("1", dependsOn=["2"]), get("2", dependsOn=["1"])]}),
]


@pytest.mark.parametrize("body", [row[1] for row in MALFORMED], ids=[row[0] for row in MALFORMED])
def test_a_malformed_batch_is_refused_whole(firm: Firm, body: object) -> None:
    assert firm.graph.call("POST", "/$batch", body).status == 400
    assert firm.graph.control("GET", "stats")["subRequests"] == {}


def test_items_are_answered_each_by_itself(firm: Firm) -> None:
    user = firm.hire()
    answers = firm.graph.batch(
        get("ok", f"/users/{user}?$select=id"),
        get("no slash", f"users/{user}"),
        get("none", "/users/nobody"),
        get("count", "/groups/$count", headers={"ConsistencyLevel": "eventual"}),
        get("no header", "/groups/$count"),
        get("absolute", f"https://graph.microsoft.com/v1.0/users/{user}"),
        {"id": "nested", "method": "POST", "url": "/$batch", "headers": JSON, "body": {"requests": []}},
        {"id": "untyped", "method": "PATCH", "url": f"/users/{user}", "body": {"usageLocation": "FR"}},
        {
            "id": "patch",
            "method": "PATCH",
            "url": f"/users/{user}",
            "headers": JSON,
            "body": {"usageLocation": "GB"},
        },
    )
    assert {key: item["status"] for key, item in answers.items()} == {
        "ok": 200, "no slash": 200, "none": 404, "count": 200, "no header": 400, "absolute": 400,
        "nested": 400, "untyped": 400, "patch": 204,
    }  # fmt: skip
    assert answers["ok"]["body"]["id"] == user
    assert answers["none"]["body"]["error"]["code"] == "Request_ResourceNotFound"
    assert answers["count"]["body"] == "MA==", "a body that is no JSON comes in base64"
    assert "body" not in answers["patch"]
    assert answers["ok"]["headers"]["x-ms-resource-unit"] == "1"


def test_answers_come_in_any_order(firm: Firm) -> None:
    orders = set()
    for _ in range(5):
        reply = firm.graph.call("POST", "/$batch", {"requests": [get(str(n)) for n in range(20)]})
        orders.add(tuple(item["id"] for item in reply.json["responses"]))
    assert len(orders) == 5
    assert all(sorted(order, key=int) == [str(n) for n in range(20)] for order in orders)


def test_a_dependent_waits_for_the_other_and_fails_with_it(firm: Firm) -> None:
    user, sku = firm.hire(None), firm.skus["EMS"]
    body = {"addLicenses": [{"skuId": sku}], "removeLicenses": []}
    assign = {"method": "POST", "url": f"/users/{user}/assignLicense", "headers": JSON, "body": body}

    def located(value: str) -> dict[str, int]:
        patch = {
            "method": "PATCH",
            "url": f"/users/{user}",
            "headers": JSON,
            "body": {"usageLocation": value},
        }
        answers = firm.graph.batch(
            {"id": "last", "dependsOn": ["ASSIGN"], **get("last")},
            {"id": "assign", "dependsOn": ["patch"], **assign},
            {"id": "patch", **patch},
        )
        return {key: item["status"] for key, item in answers.items()}

    assert located("USA") == {"patch": 400, "assign": 424, "last": 424}
    assert located("DE") == {"patch": 204, "assign": 200, "last": 200}


def test_links_in_a_batch_are_absolute(firm: Firm) -> None:
    firm.group()
    firm.group()
    answers = firm.graph.batch(get("1", "/groups?$top=1&$select=id"))
    assert answers["1"]["body"]["@odata.nextLink"].startswith(
        "http://graph.test/v1.0/groups?$top=1&$select=id&"
    )
