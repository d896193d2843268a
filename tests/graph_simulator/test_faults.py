"""Ordered faults, on calls and on items of batches, before and after the request took effect."""

import pytest

from tests.graph_simulator.conftest import Firm
from tests.graph_simulator.in_process import Json

JSON = {"Content-Type": "application/json"}


def order(firm: Firm, **fault: object) -> None:
    firm.graph.control("POST", "faults", {"faults": [fault]})


def assign_item(firm: Firm, user: str) -> Json:
    body = {"addLicenses": [{"skuId": firm.skus["EMS"]}], "removeLicenses": []}
    return {
        "id": user,
        "method": "POST",
        "url": f"/users/{user}/assignLicense",
        "headers": JSON,
        "body": body,
    }


@pytest.mark.parametrize("status", [401, 403, 409, 429, 500, 503, 504])
def test_a_status_in_place_of_the_answer(firm: Firm, status: int) -> None:
    order(firm, kind="status", status=status, path="assignLicense$", times=1)
    user = firm.hire()
    reply = firm.graph.assign(user, [firm.skus["EMS"]])
    assert reply.status == status
    assert {"code", "message", "innerError"} <= set(reply.json["error"])
    assert firm.held(user) == {}
    assert firm.graph.assign(user, [firm.skus["EMS"]]).status == 200


def test_code_message_and_retry_after_can_be_chosen(firm: Firm) -> None:
    order(firm, kind="status", status=429, retryAfter=2.128, code="C", message="M", times=1)
    reply = firm.graph.get("/organization")
    assert (reply.headers["retry-after"], reply.code, reply.message) == ("2.128", "C", "M")
    order(firm, kind="status", status=429, times=1)
    assert "retry-after" not in firm.graph.get("/organization").headers


def test_commit_then_fail(firm: Firm) -> None:
    order(firm, kind="status", status=504, path="assignLicense", times=1, commit=True)
    user = firm.hire()
    assert firm.graph.assign(user, [firm.skus["EMS"]]).status == 504
    assert list(firm.held(user)) == [firm.skus["EMS"]]
    assert len(firm.graph.control("GET", "changes")["changes"]) == 1


@pytest.mark.parametrize("commit", [True, False])
def test_a_dropped_item_loses_the_whole_batch(firm: Firm, commit: bool) -> None:
    first, second = firm.hire(), firm.hire()
    order(firm, kind="drop", path=f"{first}/assignLicense", scope="subrequest", commit=commit, times=1)
    body = {"requests": [assign_item(firm, user) for user in (first, second)]}
    assert firm.graph.call("POST", "/$batch", body).dropped
    assert [bool(firm.held(user)) for user in (first, second)] == [commit, True]


@pytest.mark.parametrize("commit", [True, False])
def test_a_dropped_call(firm: Firm, commit: bool) -> None:
    user = firm.hire()
    order(firm, kind="drop", path=r"/\$batch", commit=commit, times=1)
    assert firm.graph.call("POST", "/$batch", {"requests": [assign_item(firm, user)]}).dropped
    assert bool(firm.held(user)) is commit


def test_a_hang_ends_in_a_lost_connection(firm: Firm) -> None:
    order(firm, kind="hang", seconds=0.01, path="organization")
    assert firm.graph.get("/organization").dropped


def test_a_malformed_answer_is_no_json(firm: Firm) -> None:
    order(firm, kind="malformed", times=1, commit=True)
    reply = firm.graph.get("/organization")
    assert reply.status == 200
    with pytest.raises(ValueError, match=r"."):
        _ = reply.json


def test_scope_skip_times_and_counts(firm: Firm) -> None:
    order(
        firm, id="items", kind="status", status=503, scope="subrequest", path="/organization", skip=1, times=2
    )
    requests = [{"id": str(n), "method": "GET", "url": "/organization"} for n in range(5)]
    assert firm.graph.get("/organization").status == 200, "a call of its own is out of scope"
    answers = firm.graph.batch(*requests)
    assert [answers[str(n)]["status"] for n in range(5)] == [200, 503, 503, 200, 200]
    (report,) = firm.graph.control("GET", "faults")["faults"]
    assert (report["id"], report["seen"], report["hits"]) == ("items", 5, 2)
    firm.graph.control("DELETE", "faults")
    assert firm.graph.control("GET", "faults") == {"faults": []}


def test_probability_follows_from_the_seed(firm: Firm) -> None:
    def statuses() -> list[int]:
        firm.graph.control("POST", "reset", {"tenant": "empty", "seed": 7})
        firm.graph.sign_in()
        order(firm, kind="status", status=503, probability=0.5, path="organization")
        return [firm.graph.get("/organization").status for _ in range(30)]

    first = statuses()
    assert set(first) == {200, 503}
    assert statuses() == first


def test_a_fault_that_cannot_be_is_refused(firm: Firm) -> None:
    bodies: list[Json] = [{"kind": "nonsense"}, {"kind": "status", "path": "("}, {"kind": "drop", "pth": "x"}]
    for body in bodies:
        reply = firm.graph.raw("POST", "/_control/faults", {"faults": [body]})
        assert reply.status == 400, body


def test_withheld_roles(firm: Firm) -> None:
    user = firm.hire()
    firm.graph.control("PUT", "permissions", {"withhold": ["LicenseAssignment.ReadWrite.All"]})
    reply = firm.graph.assign(user, [firm.skus["EMS"]])
    assert (reply.status, reply.code) == (403, "Authorization_RequestDenied")
    assert firm.graph.get(f"/users/{user}").status == 200
    firm.graph.control("PUT", "permissions", {"withhold": []})
    assert firm.graph.assign(user, [firm.skus["EMS"]]).status == 200
