"""Queue triggers on Azurite, through real hosts."""

import base64
import json
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure.storage.queue import QueueClient

from tests.local_host.conftest import QUEUE_OPTIONS, AppRun, StartApp
from tests.support.eventually import eventually, never


@pytest.fixture(scope="module")
def run(make_app: StartApp) -> AppRun:
    app = make_app("queues", LOCAL_QUEUE_LEASE_SECONDS="2")
    create(app)  # after the start: a missing queue is only polled
    return app


def create(app: AppRun) -> None:
    app.queue().create_queue()


def send(queue: QueueClient, content: Any) -> str:
    """Send it as base64, dicts as JSON; the text that the function will see."""
    text = content if isinstance(content, str) else json.dumps(content)
    queue.send_message(base64.b64encode(text.encode()).decode())
    return text


def entries(app: AppRun, what: str, text: str) -> list[dict[str, Any]]:
    return [entry for entry in app.journal() if entry["what"] == what and entry["text"] == text]


def wait_for(app: AppRun, what: str, text: str, count: int = 1) -> list[dict[str, Any]]:
    return eventually(
        lambda: entries(app, what, text),
        lambda found: len(found) >= count,
        within=20,
        what=f"{count} x {what}",
    )


def is_empty(queue: QueueClient) -> bool:
    return queue.get_queue_properties().approximate_message_count == 0


def test_a_message_is_run_and_deleted(run: AppRun) -> None:
    text = send(run.queue(), {"jobId": "ä1"})
    (seen,) = wait_for(run, "begin", text)
    eventually(lambda: is_empty(run.queue()), what="an empty queue")
    assert seen["dequeueCount"] == 1
    assert seen["hasReceipt"]
    inserted = datetime.fromisoformat(seen["insertionTime"])
    assert abs((datetime.now(UTC) - inserted).total_seconds()) < 60
    assert seen["thread"].startswith("function")
    assert len(entries(run, "end", text)) == 1


def test_failures_go_to_the_poison_queue_after_max_dequeue_count(run: AppRun) -> None:
    text = send(run.queue(), {"fail": True, "jobId": "p1"})
    wait_for(run, "poison", text)
    assert [entry["dequeueCount"] for entry in entries(run, "begin", text)] == [1, 2]
    eventually(lambda: is_empty(run.queue("-poison")), what="an empty poison queue")
    assert is_empty(run.queue())


def test_what_is_no_base64_goes_to_poison_at_once(run: AppRun) -> None:
    run.host.mark_log()
    run.queue().send_message("{plain json}")
    eventually(lambda: "it is not base64" in run.host.log_since_mark(), what="a word in the log")
    # The poison queue's own trigger cannot decode it either; it has no poison queue and leaves it there.
    message = eventually(lambda: run.queue("-poison").get_queue_properties().approximate_message_count)
    assert message == 1
    assert entries(run, "begin", "{plain json}") == []
    run.queue("-poison").clear_messages()


def test_a_failed_message_of_a_poison_queue_stays_hidden_for_its_lease(run: AppRun) -> None:
    poison = run.queue("-poison")
    with suppress(ResourceExistsError):  # made by the host for the first message that fails
        poison.create_queue()
    send(poison, "fail again")
    first, second = wait_for(run, "poison", "fail again", count=2)[:2]
    assert second["time"] - first["time"] >= 1.5  # the lease of 2 s, not the visibility timeout of 0
    never(lambda: len(entries(run, "poison", "fail again")) > 2, during=3, what="a third try")
    assert poison.get_queue_properties().approximate_message_count == 1
    with pytest.raises(ResourceNotFoundError):
        run.queue("-poison-poison").get_queue_properties()
    poison.clear_messages()


@pytest.mark.parametrize(
    ("body", "member", "expected"),
    [
        ({"id": "mine"}, "id", "mine"),
        ({"ID": 5}, "id", "5"),
        ({"DequeueCount": "7"}, "dequeueCount", 7),
        ({"dequeueCount": None, "id": ["list"], "jobId": "x"}, "dequeueCount", 1),
    ],
)
def test_members_of_the_body_overwrite_the_metadata(
    run: AppRun, body: dict[str, Any], member: str, expected: object
) -> None:
    text = send(run.queue(), body)
    (seen,) = wait_for(run, "begin", text)
    assert seen[member] == expected


@pytest.mark.parametrize("body", [{"dequeueCount": "two"}, {"expirationTime": "soon"}])
def test_members_that_do_not_convert_fail_every_try(run: AppRun, body: dict[str, Any]) -> None:
    text = send(run.queue(), body)
    wait_for(run, "poison", text)
    assert entries(run, "begin", text) == []


def test_a_lease_is_renewed_while_the_function_runs(run: AppRun) -> None:
    text = send(run.queue(), {"seconds": 5, "jobId": "long"})  # the lease is 2 s
    wait_for(run, "end", text)
    eventually(lambda: is_empty(run.queue()), what="an empty queue")
    assert len(entries(run, "begin", text)) == 1


def test_the_window_is_batch_size_plus_threshold(run: AppRun) -> None:
    texts = [send(run.queue(), {"seconds": 0.4, "jobId": f"w{n}"}) for n in range(12)]
    for text in texts:
        wait_for(run, "end", text)
    most = max(entry["running"] for text in texts for entry in entries(run, "begin", text))
    assert 4 <= most <= 6  # batchSize 4, newBatchThreshold 2


def test_an_output_binding_sends_and_makes_its_queue(run: AppRun) -> None:
    source = run.queue("-copy")
    source.create_queue()
    send(source, "text")
    target = run.queue("-out")

    def received() -> list[str]:
        try:
            return [message.content for message in target.receive_messages()]
        except ResourceNotFoundError:
            return []

    (content,) = eventually(received, what="a message in the output queue")
    assert base64.b64decode(content) == b"text copied"


def test_a_killed_hosts_message_comes_back_when_its_lease_ends(make_app: StartApp) -> None:
    app = make_app("queues", LOCAL_QUEUE_LEASE_SECONDS="3")
    create(app)
    text = send(app.queue(), {"seconds": 2, "jobId": "k"})
    (first,) = wait_for(app, "begin", text)
    app.host.kill()
    app.host.start()
    second = wait_for(app, "begin", text, count=2)[1]
    assert second["dequeueCount"] == 2
    assert second["time"] - first["time"] >= 2.5
    wait_for(app, "end", text)


def test_two_hosts_share_a_queue_and_run_each_message_once(make_app: StartApp) -> None:
    app = make_app("queues")
    create(app)
    with app.new_host("second"):
        texts = [send(app.queue(), {"jobId": n, "seconds": 0.05}) for n in range(40)]
        for text in texts:
            wait_for(app, "end", text)
        assert set(
            Counter(entry["text"] for entry in app.journal() if entry["what"] == "begin").values()
        ) == {1}


def test_storage_away_and_back(make_app: StartApp, azurite_process: Any) -> None:
    app = make_app("queues")
    create(app)
    app.host.mark_log()
    azurite_process.terminate()
    eventually(lambda: "does not answer" in app.host.log_since_mark(), what="a word in the log")
    # Several more polls fail meanwhile: they must add no line.
    never(lambda: app.host.log_since_mark().count("does not answer") > 1, during=1, what="a second line")
    azurite_process.start()
    create(app)  # in memory: the queue went with it
    text = send(app.queue(), {"jobId": "back"})
    wait_for(app, "end", text)
    assert "queue storage answers again" in app.host.log_since_mark()


def test_a_delay_after_a_failure(make_app: StartApp) -> None:
    queues = {**QUEUE_OPTIONS, "visibilityTimeout": "00:00:02"}
    app = make_app("queues", host_json={"extensions": {"http": {"routePrefix": ""}, "queues": queues}})
    create(app)
    text = send(app.queue(), {"fail": True, "jobId": "d"})
    first, second = wait_for(app, "begin", text, count=2)
    assert second["time"] - first["time"] >= 1.5
