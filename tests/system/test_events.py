"""Subscriptions and callback URLs, end to end, with a receiver that answers, fails and goes away."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import TypeAdapter

from shared.api import shapes
from shared.clock import utc_now
from shared.events.signature import sign
from shared.storage.connection import Storage, StorageSettings
from tests.conftest import SystemStarter
from tests.support.eventually import eventually, never
from tests.support.principals import MANAGER
from tests.support.receiver import Received, Receiver
from tests.support.system import System
from tests.system.tenants import POWER_BI, VISIO, Tenant, mixed_tenant

Json = dict[str, Any]
pytestmark = pytest.mark.system

MOST_TRIES = 3
LIMIT = 1


@pytest.fixture(scope="module")
def receiver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Receiver]:
    with Receiver(tmp_path_factory.mktemp("receiver")) as receiver:
        yield receiver


@pytest.fixture(scope="module")
def told(start_system: SystemStarter, receiver: Receiver) -> System:
    """A host that may call the receiver back, and gives up soon."""
    limits = {"RETRY_MAX_ATTEMPTS": str(MOST_TRIES), "EXPIRY_MAX_REMOVALS": str(LIMIT)}
    return start_system(receiver.settings | limits)


@pytest.fixture
def tenant(told: System) -> Tenant:
    told.clean()
    return mixed_tenant(told.control)


def subscribe(told: System, url: str, *events: str, **more: str) -> Json:
    answer = told.api.post("subscriptions", {"callbackUrl": url, "events": list(events), **more})
    assert answer.status_code == 201, answer.text
    assert answer.headers["Location"] == f"{told.host.base_url}/api/subscriptions/{answer.json()['id']}"
    made: Json = answer.json()
    return made


def job_for(tenant: Tenant, **more: Any) -> Json:
    group = tenant.groups["Germany"]
    return {"action": "assign", "groupIds": [group], "licenses": [{"skuId": VISIO}], **more}


def is_signed(received: Received, secret: str) -> bool:
    timestamp = received.headers["X-License-Timestamp"]
    assert abs(int(timestamp) - utc_now().timestamp()) < 60
    return received.headers["X-License-Signature"] == f"sha256={sign(secret, timestamp, received.body)}"


def given_up(told: System) -> list[str]:
    """Why deliveries were given up, as the table for support has it."""
    storage = Storage(StorageSettings(connection_string=told.azurite.connection_string))
    rows = storage.table("support").query_entities("PartitionKey eq 'license-events'")
    return [str(row["outcome"]) for row in rows]


def test_the_end_of_a_job_is_told_once_and_signed(told: System, receiver: Receiver, tenant: Tenant) -> None:
    made = subscribe(told, receiver.url("/end?sig=a"), "job.finished")
    answer = told.api.post("jobs", job_for(tenant, callbackUrl=receiver.url("/own?sig=b"), note="Q4"))
    job = told.api.wait(answer.json()["id"], status="Finished")

    (event,) = receiver.wait("/end?sig=a")
    assert TypeAdapter(shapes.JobFinishedEventShape).validate_python(event.json, strict=True, extra="forbid")
    assert event.json["data"]["counts"] == {
        "total": 5,
        "changed": 2,
        "unchanged": 3,
        "failed": 0,
        "canceled": 0,
    }
    assert event.json["data"]["portalUrl"] == job["links"]["portal"]
    assert (event.json["data"]["note"], event.json["data"]["createdBy"]) == ("Q4", MANAGER.name)
    assert is_signed(event, made["secret"])

    (own,) = receiver.wait("/own?sig=b")
    assert TypeAdapter(shapes.JobShape).validate_python(own.json, strict=True, extra="forbid")
    assert {key: own.json[key] for key in ("id", "status", "counts")} == {
        key: job[key] for key in ("id", "status", "counts")
    }
    assert is_signed(own, answer.headers["Location"].partition("t=")[2])
    assert own.headers["X-License-Event-Id"] == event.headers["X-License-Event-Id"] == event.json["id"]
    never(lambda: len(receiver.at("/end?sig=a") + receiver.at("/own?sig=b")) > 2, during=2, what="a repeat")


def test_each_run_of_a_job_is_an_event_of_its_own(told: System, receiver: Receiver, tenant: Tenant) -> None:
    subscribe(told, receiver.url("/runs"), "job.finished")
    job = told.api.run(
        job_for(tenant) | {"groupIds": [tenant.groups["Europe"]]}, status="FinishedWithException"
    )
    told.api.start(job["id"])
    first, second = (one.json for one in receiver.wait("/runs", 2))
    assert first["id"] != second["id"]
    assert first["data"]["jobId"] == second["data"]["jobId"] == job["id"]
    assert first["data"]["message"].startswith("1 of 7 users failed")


@pytest.mark.parametrize(
    "answer",
    [(503, {"Retry-After": "1"}), (429, {}), (408, {}), (500, {})],
    ids=lambda answer: str(answer[0]),
)
def test_a_passing_failure_is_tried_again(
    told: System, receiver: Receiver, tenant: Tenant, answer: tuple[int, dict[str, str]]
) -> None:
    path = f"/passing/{answer[0]}"
    receiver.answers[path] = [answer]
    job = told.api.run(job_for(tenant, callbackUrl=receiver.url(path)), status="Finished")
    first, second = receiver.wait(path, 2)
    assert first.headers["X-License-Event-Id"] == second.headers["X-License-Event-Id"]
    assert first.json == second.json
    assert told.api.job(job["id"])["status"] == "Finished"


@pytest.mark.parametrize(
    ("answers", "tries", "reason"),
    [
        ([(500, {})] * 9, MOST_TRIES, "Given up after 3 tries: the receiver answered 500"),
        ([(404, {})], 1, "Given up after 1 tries: the receiver answered 404"),
        ([(302, {"Location": "/elsewhere"})], 1, "Given up after 1 tries: the receiver answered 302"),
    ],
    ids=["always 500", "404", "a redirect"],
)
def test_what_is_given_up_is_on_record_and_changes_no_job(
    told: System,
    receiver: Receiver,
    tenant: Tenant,
    answers: list[tuple[int, dict[str, str]]],
    tries: int,
    reason: str,
) -> None:
    path = f"/lasting/{answers[0][0]}"
    receiver.answers[path] = list(answers)
    job = told.api.run(job_for(tenant, callbackUrl=receiver.url(path)), status="Finished")
    assert eventually(lambda: given_up(told), what="a record of the failure") == [reason]
    assert len(receiver.at(path)) == tries
    assert receiver.at("/elsewhere") == []
    assert told.api.job(job["id"])["status"] == "Finished"
    queues = {queue["name"]: queue["poison"] for queue in told.api.read("health")["queues"]}
    assert queues["license-events"] == 1


def test_gone_ends_a_subscription(told: System, receiver: Receiver, tenant: Tenant) -> None:
    receiver.answers["/gone"] = [(410, {})]
    subscribe(told, receiver.url("/gone"), "job.finished")
    told.api.run(job_for(tenant), status="Finished")
    eventually(
        lambda: told.api.all("subscriptions"), lambda found: not found, what="the end of the subscription"
    )
    assert len(receiver.at("/gone")) == 1


def test_teams_gets_a_card(told: System, receiver: Receiver, tenant: Tenant) -> None:
    subscribe(told, receiver.url("/teams"), "job.finished", format="teams")
    told.api.run(job_for(tenant, note="*bold* [link](https://evil.example)"), status="Finished")
    (message,) = receiver.wait("/teams")
    card = message.json["attachments"][0]["content"]
    assert (card["type"], card["version"]) == ("AdaptiveCard", "1.4")
    facts = {fact["title"]: fact["value"] for fact in card["body"][1]["facts"]}
    assert facts["Note"] == r"\*bold\* \[link\]\(https://evil.example\)"
    assert len(message.body) < 28_000


def test_licenses_that_expire_soon_are_in_one_digest(
    told: System, receiver: Receiver, tenant: Tenant
) -> None:
    told.api.run(job_for(tenant, expiresIn={"value": 1, "unit": "weeks"}), status="Finished")
    subscribe(told, receiver.url("/soon"), "license.expiring")
    (digest,) = receiver.wait("/soon")
    assert TypeAdapter(shapes.LicensesExpiringEventShape).validate_python(
        digest.json, strict=True, extra="forbid"
    )
    assert digest.json["data"]["total"] == 2
    assert {(one["license"], one["daysLeft"]) for one in digest.json["data"]["licenses"]} == {
        ("Visio Plan 2", 7)
    }
    assert {one["displayName"] for one in digest.json["data"]["licenses"]} == {"none", "office"}
    never(lambda: len(receiver.at("/soon")) > 1, during=3, what="a second digest")


def test_a_held_sweep_and_what_it_took_are_told(told: System, receiver: Receiver, tenant: Tenant) -> None:
    subscribe(told, receiver.url("/sweep"), "sweep.stopped", "license.expired")
    give = job_for(tenant, expiresIn={"value": 1, "unit": "weeks"})
    told.api.run(give | {"licenses": [{"skuId": POWER_BI}]}, status="Finished")
    for grant in told.api.grants():
        body = {"expiresAt": utc_now().isoformat()}
        assert told.api.patch(f"temporary-licenses/{grant['id']}", body).status_code in (200, 409)
    # The first to expire may be taken alone before the others are due; what then exceeds the limit is held.
    stopped = next(one for one in wait_for_type(receiver, "sweep.stopped"))
    assert TypeAdapter(shapes.SweepStoppedEventShape).validate_python(stopped, strict=True, extra="forbid")
    assert stopped["data"]["code"] == "ExpiryLimitReached"
    told.api.start(stopped["data"]["jobId"])
    expired = wait_for_type(receiver, "license.expired", job_id=stopped["data"]["jobId"])[0]
    assert TypeAdapter(shapes.LicensesExpiredEventShape).validate_python(expired, strict=True, extra="forbid")
    assert expired["data"]["counts"]["changed"] == len(expired["data"]["licenses"]) > LIMIT
    assert expired["data"]["total"] == len(expired["data"]["licenses"])
    assert len([one for one in receiver.at("/sweep") if one.json["type"] == "sweep.stopped"]) == 1


def wait_for_type(receiver: Receiver, type_: str, job_id: str | None = None) -> list[Json]:
    return eventually(
        lambda: [
            one.json
            for one in receiver.at("/sweep")
            if one.json["type"] == type_ and job_id in (None, one.json["data"]["jobId"])
        ],
        what=type_,
    )


# --- the subscriptions themselves ---------------------------------------------------------------------------


def test_a_subscription_shows_its_secret_once_and_its_url_never(
    told: System, receiver: Receiver, tenant: Tenant
) -> None:
    url = receiver.url("/secret/path?sig=hidden")
    made = subscribe(told, url, "job.finished", "license.expired")
    assert made["callbackUrl"] == f"https://localhost:{receiver.port}"
    (listed,) = told.api.all("subscriptions")
    assert listed == {name: value for name, value in made.items() if name != "secret"}
    assert [entry["what"] for entry in told.api.all("audit")] == ["SubscriptionCreated"]
    assert "hidden" not in str(told.api.all("audit")) + str(listed)


def test_the_same_url_again_takes_the_former_ones_place(
    told: System, receiver: Receiver, tenant: Tenant
) -> None:
    first = subscribe(told, receiver.url("/twice"), "job.finished")
    second = subscribe(told, receiver.url("/twice"), "job.finished")
    assert (first["id"], first["secret"] != second["secret"]) == (second["id"], True)
    assert len(told.api.all("subscriptions")) == 1
    told.api.run(job_for(tenant), status="Finished")
    (event,) = receiver.wait("/twice")
    assert is_signed(event, second["secret"])


def test_after_delete_nobody_is_told(told: System, receiver: Receiver, tenant: Tenant) -> None:
    made = subscribe(told, receiver.url("/deleted"), "job.finished")
    for _ in range(2):
        assert told.api.request("DELETE", f"subscriptions/{made['id']}").status_code == 204
    told.api.run(job_for(tenant), status="Finished")
    never(lambda: receiver.at("/deleted"), during=2, what="an event")
    assert [entry["what"] for entry in told.api.all("audit")] == [
        "JobSubmitted",
        "SubscriptionDeleted",
        "SubscriptionCreated",
    ]
    answer = told.api.request("DELETE", "subscriptions/no-id")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "SubscriptionNotFound")


@pytest.mark.parametrize(
    ("body", "target"),
    [
        ({"events": ["job.finished"]}, "callbackUrl"),
        ({"callbackUrl": "http://localhost/x", "events": ["job.finished"]}, "callbackUrl"),
        ({"callbackUrl": "https://localhost/x", "events": ["job.finished"]}, "callbackUrl"),
        ({"callbackUrl": "https://169.254.169.254/x", "events": ["job.finished"]}, "callbackUrl"),
        ({"callbackUrl": "{url}", "events": []}, "events"),
        ({"callbackUrl": "{url}", "events": ["job.began"]}, "events[0]"),
        ({"callbackUrl": "{url}", "events": ["job.finished"], "format": "xml"}, "format"),
        ({"callbackUrl": "{url}", "events": ["job.finished"], "secret": "mine"}, "secret"),
    ],
    ids=str,
)
def test_a_faulty_subscription_is_refused(told: System, receiver: Receiver, body: Json, target: str) -> None:
    sent = {key: receiver.url("/x") if value == "{url}" else value for key, value in body.items()}
    error = told.api.post("subscriptions", sent).json()["error"]
    assert (error["code"], error["target"]) == ("InvalidRequest", target)
