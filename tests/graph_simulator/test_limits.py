"""Throttling: windows, the units of each call, the headers, in batches too; and delayed reads."""

import pytest

from local.graph.limits import SlidingWindow
from tests.graph_simulator.conftest import Firm
from tests.graph_simulator.in_process import EVENTUAL, Json, LocalGraph

JSON = {"Content-Type": "application/json"}


def test_a_window_lets_its_limit_through_and_counts_what_it_refuses() -> None:
    window = SlidingWindow(3, 10)
    assert [window.spend(now, 1) for now in (0, 1, 2, 3)] == [True, True, True, False]
    assert window.wait(3) == 8, "two have to leave, the refused one counts"
    assert window.spend(10.5, 1) is False
    assert window.spend(13.5, 1) is True


COSTS = [
    ("/groups", 1),
    ("/groups/{g}", 1),
    ("/groups/{g}/members", 3),
    ("/groups/{g}/members?$select=id", 2),
    ("/groups/{g}/transitiveMembers", 5),
    ("/groups/{g}/transitiveMembers?$select=id", 4),
    ("/groups/{g}/transitiveMembers?$select=id&$top=5", 3),
    ("/groups/{g}/transitiveMembers/microsoft.graph.user?$select=id&$top=999&$count=true", 4),
    ("/users", 2),
    ("/users?$select=id", 1),
    ("/users?$select=id&$top=5", 1),
    ("/users/{u}", 1),
    ("/users/{u}/licenseDetails", 2),
    ("/subscribedSkus", 3),
    ("/subscribedSkus?$select=skuId", 2),
]


@pytest.mark.parametrize(("path", "units"), COSTS)
def test_resource_units(firm: Firm, path: str, units: int) -> None:
    user = firm.hire()
    reply = firm.graph.get(path.format(g=firm.group(user), u=user), **EVENTUAL)
    assert (reply.status, reply.headers["x-ms-resource-unit"]) == (200, str(units))


def limit(graph: LocalGraph, **settings: object) -> None:
    graph.control("PUT", "limits", settings)


def test_writes_beyond_the_limit_are_refused_until_the_window_moves_on(firm: Firm) -> None:
    limit(firm.graph, writes=4, seconds=15)
    user = firm.hire()

    def write(location: str) -> int:
        return firm.graph.call("PATCH", f"/users/{user}", {"usageLocation": location}).status

    assert [write(code) for code in ("DE", "FR", "GB", "US")] == [204] * 4
    reply = firm.graph.call("PATCH", f"/users/{user}", {"usageLocation": "JP"})
    assert (reply.status, reply.code) == (429, "TooManyRequests")
    assert float(reply.headers["retry-after"]) == 15
    assert reply.headers["x-ms-throttle-information"] == "WriteLimitExceeded"
    assert reply.headers["x-ms-throttle-scope"].startswith("Tenant_Application/Write/")
    assert float(reply.headers["x-ms-throttle-limit-percentage"]) == 1.25
    assert firm.graph.get(f"/users/{user}").status == 200, "reads are charged apart"
    firm.graph.clock.advance(15)
    assert write("JP") == 204
    stats = firm.graph.control("GET", "stats")
    assert (stats["writes"]["throttled"], stats["throttled429"], stats["writes"]["succeeded"]) == (1, 1, 5)


def test_retrying_at_once_prolongs_it(firm: Firm) -> None:
    limit(firm.graph, writes=2, seconds=10)
    user = firm.hire()
    for _ in range(4):
        firm.graph.call("PATCH", f"/users/{user}", {"usageLocation": "FR"})
        firm.graph.clock.advance(1)
    firm.graph.clock.advance(6.5)
    reply = firm.graph.call("PATCH", f"/users/{user}", {"usageLocation": "FR"})
    assert reply.status == 429, "two have left the window, the two refused ones have not"


def test_items_of_a_batch_are_charged_and_refused_one_by_one(firm: Firm) -> None:
    limit(firm.graph, writes=5, seconds=10)
    users = [firm.hire() for _ in range(8)]
    items: list[Json] = [
        {
            "id": user,
            "method": "PATCH",
            "url": f"/users/{user}",
            "headers": JSON,
            "body": {"usageLocation": "FR"},
        }
        for user in users
    ]
    answers = firm.graph.batch(*items)
    refused = [item for item in answers.values() if item["status"] == 429]
    assert len(refused) == 3
    assert all(float(item["headers"]["Retry-After"]) > 0 for item in refused)
    assert sorted(item["status"] for item in answers.values()).count(204) == 5


def test_waits_are_whole_seconds_and_sometimes_fractions(firm: Firm) -> None:
    limit(firm.graph, writes=4, seconds=10)
    user = firm.hire()
    waits = []
    for _ in range(10):
        reply = firm.graph.call("PATCH", f"/users/{user}", {"usageLocation": "FR"})
        waits.append(reply.headers.get("retry-after"))
        firm.graph.clock.advance(0.25)
    assert waits[:4] == [None] * 4
    assert {"." in str(wait) for wait in waits[4:]} == {True, False}


def test_resource_units_are_limited_too(firm: Firm) -> None:
    limit(firm.graph, resourceUnits=10, resourceUnitSeconds=10)
    assert [firm.graph.get("/subscribedSkus").status for _ in range(4)] == [200, 200, 200, 429]
    near = firm.graph.get("/organization")
    assert near.headers["x-ms-throttle-information"] == "ResourceUnitLimitExceeded"


def test_usage_shows_from_four_fifths_on(firm: Firm) -> None:
    limit(firm.graph, resourceUnits=10)
    headers = [firm.graph.get("/organization").headers for _ in range(10)]
    shown = [header.get("x-ms-throttle-limit-percentage") for header in headers]
    assert shown == [None] * 8 + ["0.90", "1.00"]


def test_no_limits_when_off(firm: Firm) -> None:
    limit(firm.graph, writes=1, resourceUnits=1, enabled=False)
    user = firm.hire()
    assert firm.graph.assign(user, [firm.skus["EMS"]]).status == 200
    assert firm.graph.assign(user, remove=[firm.skus["EMS"]]).status == 200


# -- delayed reads


def test_reads_lag_behind_writes_while_assign_license_sees_the_truth(firm: Firm) -> None:
    firm.graph.control("PUT", "lag", {"readAfterWriteSeconds": 10})
    user, sku = firm.hire("DE"), firm.skus["EMS"]

    def seen() -> tuple[str, int]:
        shown = firm.graph.get(f"/users/{user}?$select=usageLocation,assignedLicenses").json
        return shown["usageLocation"], len(shown["assignedLicenses"])

    assert firm.graph.assign(user, [sku]).status == 200
    firm.graph.clock.advance(4)
    firm.graph.call("PATCH", f"/users/{user}", {"usageLocation": "FR"})
    assert seen() == ("DE", 0)
    assert list(firm.held(user)) == [sku], "the control shows the truth"
    assert firm.graph.assign(user, remove=[sku]).status == 200
    firm.graph.clock.advance(6)
    assert seen() == ("DE", 1)
    firm.graph.clock.advance(4)
    assert seen() == ("FR", 0)


def test_a_new_location_is_not_believed_at_once(firm: Firm) -> None:
    firm.graph.control("PUT", "lag", {"usageLocationSeconds": 5})
    user = firm.hire(None)
    assert firm.graph.call("PATCH", f"/users/{user}", {"usageLocation": "DE"}).status == 204
    assert firm.graph.get(f"/users/{user}?$select=usageLocation").json["usageLocation"] == "DE"
    assert "usage location" in firm.graph.assign(user, [firm.skus["EMS"]]).message
    firm.graph.clock.advance(5)
    assert firm.graph.assign(user, [firm.skus["EMS"]]).status == 200


def test_listings_of_members_lag(firm: Firm) -> None:
    firm.graph.control("PUT", "lag", {"membersSeconds": 5})
    stays, comes = firm.hire(), firm.hire()
    group = firm.group(stays)
    outer = firm.group(group)
    firm.graph.control("PATCH", f"groups/{group}", {"add": [comes], "remove": [stays]})
    path = f"/groups/{outer}/transitiveMembers/microsoft.graph.user?$select=id&$count=true"

    def listed() -> list[str]:
        return [item["id"] for item in firm.graph.get(path, **EVENTUAL).json["value"]]

    assert [user["id"] for user in firm.graph.control("GET", f"groups/{outer}/users")] == [comes]
    assert listed() == [stays]
    firm.graph.clock.advance(5)
    assert listed() == [comes]
