"""Batches: split, matched by id, and honest about parts that got no answer."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from shared.errors import GraphError, LastingGraphError, PassingGraphError
from shared.graph.batch import Batcher, BatchRequest
from shared.graph.users import LicenseChange
from shared.models import AddedLicense, UserState
from tests.integration.graph.conftest import Start
from tests.integration.graph.scripted import Reply, Script, Seen, in_turn


def user_id_of(part: dict[str, Any]) -> str:
    return str(part["url"].split("/")[2].split("?")[0])


def user(part: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A successful reading of the part's user."""
    body = {
        "id": user_id_of(part),
        "accountEnabled": True,
        "assignedLicenses": [],
        "licenseAssignmentStates": [],
    }
    return {"id": part["id"], "status": 200, "headers": {}, "body": {**body, **fields}}


def answering(answer: Callable[[dict[str, Any]], dict[str, Any] | None]) -> Script:
    """Answers each part, the last one first; None leaves it out."""

    def script(seen: Seen) -> Reply:
        parts = [answer(part) for part in seen.body["requests"]]
        return Reply(body={"responses": [part for part in reversed(parts) if part is not None]})

    return script


def test_parts_are_split_and_matched_whatever_their_order(scripted: Start) -> None:
    run = scripted(answering(lambda part: user(part, usageLocation=user_id_of(part))))
    ids = [f"u{number}" for number in range(45)]

    states = run.client.users.read_users(ids)

    assert set(states) == set(ids)
    for user_id, state in states.items():
        assert isinstance(state, UserState)
        assert (state.user_id, state.usage_location) == (user_id, user_id)
    assert sorted(len(seen.body["requests"]) for seen in run.server.seen) == [5, 20, 20]
    assert run.server.seen[0].headers["x-ms-throttle-priority"] == "Low"


def test_nothing_asked_nothing_sent(scripted: Start) -> None:
    run = scripted(lambda _: Reply(500))

    assert run.client.users.read_users([]) == {}
    assert run.client.users.assign_licenses([]) == {}
    assert run.server.seen == []


def test_what_a_license_change_looks_like(scripted: Start) -> None:
    run = scripted(answering(lambda part: {"id": part["id"], "status": 200, "headers": {}}))
    run.client.users.assign_licenses(
        [LicenseChange("u 1", (AddedLicense("s1", ("p1",)),), ("s2",)), LicenseChange("u2", remove=("s3",))]
    )

    first, second = run.server.seen[0].body["requests"]
    assert (first["method"], first["url"]) == ("POST", "/users/u%201/assignLicense")
    assert first["headers"] == {"Content-Type": "application/json"}
    assert first["body"] == {
        "addLicenses": [{"skuId": "s1", "disabledPlans": ["p1"]}],
        "removeLicenses": ["s2"],
    }
    assert second["body"] == {"addLicenses": [], "removeLicenses": ["s3"]}


def test_what_a_location_looks_like(scripted: Start) -> None:
    run = scripted(answering(lambda part: {"id": part["id"], "status": 204}))
    results = run.client.users.set_usage_locations([("u1", "DE")])

    (part,) = run.server.seen[0].body["requests"]
    assert (part["method"], part["url"], part["body"]) == ("PATCH", "/users/u1", {"usageLocation": "DE"})
    assert results["u1"].error is None


def test_one_user_twice_is_refused_before_anything_is_sent(scripted: Start) -> None:
    run = scripted(lambda _: Reply(500))

    with pytest.raises(ValueError, match="same id"):
        run.client.users.set_usage_locations([("u1", "DE"), ("u1", "FR")])
    assert run.server.seen == []


def test_each_part_has_its_own_error(scripted: Start) -> None:
    refusals: dict[str, dict[str, Any]] = {
        "gone": {"status": 404, "body": {"error": {"code": "Request_ResourceNotFound", "message": ""}}},
        "throttled": {"status": 429, "headers": {"Retry-After": "2.5"}, "body": {"error": {"code": "429"}}},
        "failed": {"status": 504, "body": "bm8gSlNPTg=="},
        "bare": {"status": 500},
        "good": {"status": 200},
    }
    run = scripted(answering(lambda part: {"id": part["id"], **refusals[user_id_of(part)]}))

    results = run.client.users.assign_licenses([LicenseChange(name, remove=("s",)) for name in refusals])
    found = {name: result.error for name, result in results.items()}

    assert found["good"] is None
    assert isinstance(found["gone"], LastingGraphError)
    assert found["gone"].code == "UserNotFound"
    assert isinstance(found["throttled"], PassingGraphError)
    assert (found["throttled"].code, found["throttled"].retry_after) == ("Throttled", 2.5)
    assert not found["throttled"].outcome_unknown
    for name in ("failed", "bare"):
        error = found[name]
        assert isinstance(error, PassingGraphError)
        assert error.outcome_unknown
    assert run.client.transport.counts.throttled == 1


def unknown(error: GraphError | None) -> bool:
    return isinstance(error, PassingGraphError) and error.code == "GraphUnavailable" and error.outcome_unknown


def test_a_part_without_answer_is_of_unknown_outcome(scripted: Start) -> None:
    run = scripted(
        answering(lambda part: None if user_id_of(part) == "u2" else {"id": part["id"], "status": 200})
    )

    results = run.client.users.assign_licenses([LicenseChange(name, remove=("s",)) for name in ("u1", "u2")])

    assert results["u1"].error is None
    assert unknown(results["u2"].error)


@pytest.mark.parametrize(
    "reply",
    [
        Reply(content=b'{"responses": [{"id"'),
        Reply(body={"responses": {"0": 200}}),
        Reply(body={"responses": [7, {"id": "x", "status": 200}, {"id": "0", "status": "200"}]}),
        Reply(body=[]),
        Reply(drop=True),
        Reply(hang=True),
        Reply(503),
    ],
)
def test_an_envelope_that_makes_no_sense_leaves_all_unknown(scripted: Start, reply: Reply) -> None:
    run = scripted(lambda _: reply)

    results = run.impatient().users.assign_licenses(
        [LicenseChange(name, remove=("s",)) for name in ("u1", "u2")]
    )

    assert [unknown(result.error) for result in results.values()] == [True, True]
    assert len(run.server.seen) == 1


def test_a_throttled_envelope_throttles_all_of_it_and_nothing_is_unknown(scripted: Start) -> None:
    run = scripted(lambda _: Reply(429, {}, {"Retry-After": "7"}))

    for result in run.client.users.assign_licenses([LicenseChange("u1"), LicenseChange("u2")]).values():
        assert isinstance(result.error, PassingGraphError)
        assert (result.error.code, result.error.retry_after) == ("Throttled", 7.0)
        assert not result.error.outcome_unknown


def test_an_envelope_that_is_not_found_says_nothing_about_users(scripted: Start) -> None:
    run = scripted(lambda _: Reply(404, {"error": {"code": "ResourceNotFound", "message": "no such path"}}))

    error = run.client.users.read_users(["u1"])["u1"]
    assert isinstance(error, LastingGraphError)
    assert error.code == "Unexpected"


def test_a_failed_batch_does_not_touch_the_others(scripted: Start) -> None:
    good = answering(user)
    run = scripted(lambda seen: good(seen) if len(seen.body["requests"]) == 20 else Reply(503))

    states = run.client.users.read_users([f"u{number}" for number in range(25)])

    assert sum(isinstance(state, UserState) for state in states.values()) == 20
    assert sum(unknown(state) for state in states.values() if isinstance(state, GraphError)) == 5


def test_a_batch_of_reads_is_repeated_on_a_dropped_connection(scripted: Start) -> None:
    run = scripted(lambda _: Reply(drop=True))
    run.client.users.read_users(["u1"])

    assert len(run.server.seen) == 2


REFUSED_TOKEN = {
    "status": 401,
    "body": {"error": {"code": "InvalidAuthenticationToken", "message": "expired"}},
}


def test_a_token_refused_for_every_part_is_renewed_and_the_batch_repeated(scripted: Start) -> None:
    def script(seen: Seen) -> Reply:
        old = seen.headers["authorization"] == "Bearer token-1"
        return answering(lambda part: {"id": part["id"], **(REFUSED_TOKEN if old else {"status": 200})})(seen)

    run = scripted(script)
    results = run.client.users.assign_licenses([LicenseChange("u1"), LicenseChange("u2")])

    assert [result.error for result in results.values()] == [None, None]
    assert len(run.server.seen) == 2


def test_a_refusal_of_one_part_does_not_repeat_what_the_others_did(scripted: Start) -> None:
    run = scripted(
        answering(
            lambda part: {
                "id": part["id"],
                **(REFUSED_TOKEN if user_id_of(part) == "u1" else {"status": 200}),
            }
        )
    )
    results = run.client.users.assign_licenses([LicenseChange("u1"), LicenseChange("u2")])

    assert isinstance(results["u1"].error, PassingGraphError)
    assert not results["u1"].error.outcome_unknown
    assert results["u2"].error is None
    assert len(run.server.seen) == 1


def test_licenses_that_cannot_be_seen_are_an_error_of_the_user(scripted: Start) -> None:
    run = scripted(answering(lambda part: user(part, assignedLicenses=None)))

    error = run.client.users.read_users(["u1"])["u1"]
    assert isinstance(error, LastingGraphError)
    assert error.code == "Forbidden"


@pytest.mark.parametrize("body", [None, [], "text", {}, {"id": 5}])
def test_a_user_that_is_none_is_an_error_of_the_user(scripted: Start, body: object) -> None:
    run = scripted(answering(lambda part: {"id": part["id"], "status": 200, "body": body}))

    assert isinstance(run.client.users.read_users(["u1"])["u1"], PassingGraphError)


def test_no_more_batches_at_once_than_allowed(scripted: Start) -> None:
    """Four are let in and held; a fifth would show before they are let go."""
    inside = threading.Semaphore(0)
    let_go = threading.Event()
    most = 0
    now = 0
    lock = threading.Lock()
    good = answering(user)

    def script(seen: Seen) -> Reply:
        nonlocal most, now
        with lock:
            now += 1
            most = max(most, now)
        inside.release()
        assert let_go.wait(20)
        with lock:
            now -= 1
        return good(seen)

    run = scripted(script)
    batcher = Batcher(run.client.transport, parallel=3)
    requests = [BatchRequest(f"u{number}", "GET", f"/users/u{number}") for number in range(20 * 8)]
    worker = threading.Thread(target=batcher.send, args=(requests,))
    worker.start()
    for _ in range(3):
        assert inside.acquire(timeout=10), "three batches go out at once"
    assert not inside.acquire(timeout=0.1)
    let_go.set()
    worker.join(20)
    batcher.close()

    assert most == 3
    assert len(run.server.seen) == 8


def test_answers_bear_the_time_at_which_they_came(scripted: Start) -> None:
    run = scripted(in_turn(Reply(503)))
    batcher = Batcher(run.client.transport, monotonic=lambda: 41.5)

    assert batcher.send([BatchRequest("u", "GET", "/users/u")])["u"].answered_at == 41.5
    batcher.close()
