"""One call: what is sent, what is repeated, and what an answer that never comes means."""

from typing import Any

import pytest

from local.up.ports import free_ports
from shared.errors import GraphError, LastingGraphError, PassingGraphError
from shared.graph.errors import READ_GROUPS
from shared.graph.transport import Priority
from tests.integration.graph.conftest import Client, Start, connect
from tests.integration.graph.scripted import Reply, in_turn

PAGE: dict[str, Any] = {"value": []}
OK = Reply(body=PAGE)
DROPPED = Reply(drop=True)
REFUSED = Reply(401, {"error": {"code": "InvalidAuthenticationToken", "message": "Access token is empty."}})


def read(client: Client) -> dict[str, Any]:
    return client.transport.get(READ_GROUPS, "/groups")


def test_what_a_call_carries(scripted: Start) -> None:
    run = scripted(lambda _: OK)
    run.client.transport.get(READ_GROUPS, "/groups", params={"$top": "5"}, priority=Priority.LOW)
    run.client.transport.request("POST", "/$batch", body={"requests": []})

    get, post = run.server.seen
    assert get.path == "/v1.0/groups?%24top=5"
    assert get.headers["authorization"] == "Bearer token-1"
    assert get.headers["x-ms-throttle-priority"] == "Low"
    assert get.headers["user-agent"].startswith("NONISV|")
    assert "content-type" not in get.headers
    assert post.headers["content-type"] == "application/json"
    assert post.headers["x-ms-throttle-priority"] == "Normal"
    assert len({get.headers["client-request-id"], post.headers["client-request-id"]}) == 2


def test_a_refused_token_is_renewed_once(scripted: Start) -> None:
    run = scripted(in_turn(REFUSED, OK))

    assert read(run.client) == PAGE
    assert [seen.headers["authorization"] for seen in run.server.seen] == ["Bearer token-1", "Bearer token-2"]


def test_a_token_refused_twice_is_a_passing_fault(scripted: Start) -> None:
    run = scripted(in_turn(REFUSED))

    with pytest.raises(PassingGraphError) as raised:
        read(run.client)
    assert (raised.value.code, raised.value.outcome_unknown) == ("GraphUnavailable", False)
    assert len(run.server.seen) == 2


def test_a_read_on_a_dropped_connection_is_repeated_once(scripted: Start) -> None:
    run = scripted(in_turn(DROPPED, OK))
    assert read(run.client) == PAGE

    run.server.script = in_turn(DROPPED)
    run.server.seen.clear()
    with pytest.raises(PassingGraphError):
        read(run.client)
    assert len(run.server.seen) == 2


@pytest.mark.parametrize(
    "reply", [DROPPED, Reply(hang=True), Reply(body=PAGE, cut=True), Reply(content=b"{")]
)
def test_a_write_without_a_whole_answer_is_sent_once_and_its_outcome_unknown(
    scripted: Start, reply: Reply
) -> None:
    run = scripted(lambda _: reply)

    with pytest.raises(PassingGraphError) as raised:
        run.impatient().transport.request("POST", "/users/u/assignLicense", body={})
    assert (raised.value.code, raised.value.outcome_unknown) == ("GraphUnavailable", True)
    assert len(run.server.seen) == 1


def test_silence_is_not_asked_again(scripted: Start) -> None:
    run = scripted(lambda _: Reply(hang=True))

    with pytest.raises(PassingGraphError, match="in time"):
        read(run.impatient())
    assert len(run.server.seen) == 1


def test_where_nobody_listens_nothing_was_carried_out(scripted: Start) -> None:
    tokens = scripted(lambda _: OK).tokens
    (port,) = free_ports(1)
    nowhere = connect(f"http://127.0.0.1:{port}/v1.0", tokens)

    with pytest.raises(PassingGraphError) as raised:
        nowhere.transport.request("POST", "/users/u/assignLicense", body={})
    assert (raised.value.code, raised.value.outcome_unknown) == ("GraphUnavailable", False)


@pytest.mark.parametrize(
    ("reply", "kind", "code"),
    [
        (Reply(403, {"error": {"code": "Authorization_RequestDenied"}}), LastingGraphError, "Forbidden"),
        (Reply(404, {"error": {"code": "Request_ResourceNotFound"}}), LastingGraphError, "GroupNotFound"),
        (Reply(302, headers={"Location": "http://127.0.0.1:1/"}), LastingGraphError, "Unexpected"),
        (Reply(503, content=b"<html>"), PassingGraphError, "GraphUnavailable"),
        (Reply(200, content=b"<html>"), PassingGraphError, "GraphUnavailable"),
        (Reply(200, body=[]), PassingGraphError, "GraphUnavailable"),
        (Reply(200, body={"values": []}), PassingGraphError, "GraphUnavailable"),
        (Reply(200), PassingGraphError, "GraphUnavailable"),
    ],
)
def test_what_is_no_page_is_an_error(
    scripted: Start, reply: Reply, kind: type[GraphError], code: str
) -> None:
    run = scripted(lambda _: reply)

    with pytest.raises(kind) as raised:
        run.client.directory.find_groups()
    assert raised.value.code == code
    assert len(run.server.seen) == 1


def test_calls_are_counted(scripted: Start) -> None:
    run = scripted(in_turn(OK, Reply(429, {}), Reply(hang=True)))
    client = run.impatient()
    read(client)
    for _ in range(2):
        with pytest.raises(PassingGraphError):
            read(client)

    counts = client.transport.counts
    assert (counts.calls, counts.throttled, counts.unanswered) == (3, 1, 1)


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/v1.0/groups?x",
        "{origin}/v1.0/users?x",
        "{origin}/v1.0/groupsettings?x",
        "{origin}/v1.0/groups/../users?x",
        "{origin}/v1.0/groups/%2e%2e/users?x",
        "{origin}@evil.example/v1.0/groups",
        "{origin}.evil.example/v1.0/groups",
        " {origin}/v1.0/groups?x",
        "/v1.0/groups",
        "http://[broken",
        "",
    ],
)
def test_no_link_leads_the_token_elsewhere(scripted: Start, link: str) -> None:
    run = scripted(lambda _: OK)

    with pytest.raises(LastingGraphError):
        run.client.directory.find_groups(next_link=link.format(origin=run.server.origin))
    assert run.server.seen == []


def test_a_link_of_graph_is_followed_whole_with_the_header_it_drops(scripted: Start) -> None:
    run = scripted(lambda _: OK)
    run.client.directory.member_page(
        "G-1", f"{run.server.endpoint}/groups/g-1/transitiveMembers/microsoft.graph.user?$skiptoken=a%2Fb"
    )

    (seen,) = run.server.seen
    assert seen.path == "/v1.0/groups/g-1/transitiveMembers/microsoft.graph.user?$skiptoken=a%2Fb"
    assert seen.headers["consistencylevel"] == "eventual"
