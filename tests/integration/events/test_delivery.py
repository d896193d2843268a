"""Deliveries under repeats, lost messages and failures; digests over days."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, cast

import pytest

from shared.app import App
from shared.config import load_settings
from shared.events import notices
from shared.events.deliver import deliver, give_up
from shared.events.event import MOST_NAMED, Event, EventType, licenses_expired, licenses_expiring
from shared.events.messages import EventMessage
from shared.events.publish import publish, publish_end
from shared.events.sender import CallbackFailed, CallbackSender, Reply
from shared.jobs.catalog_cache import CatalogCache
from shared.jobs.records import ChunkRecord, Phase
from shared.jobs.services import Services
from shared.jobs.view import view
from shared.models import Caller, Catalog, ItemStatus, JobStatus
from shared.storage.event_store import DeliveryState, Subscription
from tests.integration.ledger.builders import (
    NOW,
    PROJECT,
    VISIO,
    SetClock,
    give,
    item,
    items,
    opens,
    sweep_job,
)
from tests.support.azurite import Azurite

URL = "https://hooks.example/x"
MOST_TRIES = 3


class NoNames:
    """A tenant whose licences have no names."""

    def get(self, max_age: timedelta | None = None) -> Catalog:
        return {}


@dataclass
class Receiver:
    """Stands for the sender: notes what would have left, answers as told, 200 without a word."""

    answers: list[Reply | CallbackFailed] = field(default_factory=list)
    got: list[bytes] = field(default_factory=list)

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        assert url == URL
        self.got.append(body)
        answer = self.answers.pop(0) if self.answers else Reply(200)
        if isinstance(answer, CallbackFailed):
            raise answer
        return answer


@pytest.fixture
def clock() -> SetClock:
    return SetClock(NOW)


@pytest.fixture
def app(azurite: Azurite, clock: SetClock) -> App:
    settings = load_settings(
        {"AzureWebJobsStorage": azurite.connection_string, "RETRY_MAX_ATTEMPTS": str(MOST_TRIES)}
    )
    return App(settings, clock)


@pytest.fixture
def services(app: App) -> Services:
    app.storage.ensure()
    return replace(app.services, catalog=cast(CatalogCache, NoNames()))


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
def subscription(services: Services) -> str:
    made = Subscription(
        "7c9e6679-7425-40de-944b-e07fc1f90ae7",
        frozenset(EventType),
        "json",
        "https://licenses.contoso.com",
        NOW,
        Caller("megan", "user", "user|megan"),
        URL,
        "secret",
    )
    services.events.put_subscription(made)
    return made.subscription_id


@pytest.fixture
def event(services: Services, subscription: str) -> Event:
    """Published, its message on the queue."""
    event = licenses_expiring(NOW.date(), NOW, [], 1)
    publish(services, event, [subscription])
    return event


def waiting(services: Services) -> int:
    return services.queues.length("license-events")


def attempt(
    app: App, services: Services, receiver: Receiver, event: Event, tried: int = 0, owner: str = "a"
) -> None:
    (target,) = [one.subscription_id for one in services.events.subscriptions()]
    message = EventMessage(event.day, event.event_id, target, tried)
    deliver(services, cast(CallbackSender, receiver), app.support, message, owner)


def state(services: Services, event: Event, target: str) -> tuple[DeliveryState, int]:
    delivery = services.events.delivery(event.day, event.event_id, target)
    assert delivery is not None
    return delivery.state, delivery.attempts


def test_it_is_delivered_once_however_often_its_message_comes(
    app: App, services: Services, receiver: Receiver, event: Event, subscription: str
) -> None:
    for owner in ("a", "a", "b"):
        attempt(app, services, receiver, event, owner=owner)
    assert len(receiver.got) == 1
    assert state(services, event, subscription) == (DeliveryState.DELIVERED, 1)


def test_published_again_it_goes_no_second_time(
    app: App, services: Services, receiver: Receiver, event: Event, subscription: str
) -> None:
    attempt(app, services, receiver, event)
    before = waiting(services)
    publish(services, event, [subscription])
    assert waiting(services) == before
    assert state(services, event, subscription)[0] is DeliveryState.DELIVERED


def test_a_message_lost_on_its_way_to_the_queue_is_sent_by_the_next_publish(
    services: Services, event: Event, subscription: str
) -> None:
    before = waiting(services)
    publish(services, event, [subscription])
    assert waiting(services) == before + 1


def test_a_host_killed_in_a_try_makes_it_again_and_nobody_else_does(
    app: App, services: Services, receiver: Receiver, event: Event, subscription: str
) -> None:
    """The try is on record, its outcome is not: only the message that began it may go on."""
    delivery = services.events.delivery(event.day, event.event_id, subscription)
    assert delivery is not None
    services.events.save(replace(delivery, attempts=1, owner="killed"))
    attempt(app, services, receiver, event, owner="another")
    assert receiver.got == []
    attempt(app, services, receiver, event, owner="killed")
    assert len(receiver.got) == 1
    assert state(services, event, subscription) == (DeliveryState.DELIVERED, 1)


def test_failures_are_retried_and_then_given_up_on_record(
    app: App, services: Services, receiver: Receiver, event: Event, subscription: str
) -> None:
    receiver.answers = [Reply(503, 5), CallbackFailed("no answer: TimeoutError", lasting=False), Reply(500)]
    before = waiting(services)
    for tried in range(MOST_TRIES):
        attempt(app, services, receiver, event, tried, owner=f"message {tried}")
    assert waiting(services) == before + MOST_TRIES - 1
    assert state(services, event, subscription) == (DeliveryState.GIVEN_UP, MOST_TRIES)
    assert app.support.counts()["license-events"] == 1
    assert len(set(receiver.got)) == 1


@pytest.mark.parametrize(
    "answer", [Reply(400), Reply(404), Reply(301), CallbackFailed("not public", lasting=True)], ids=str
)
def test_a_lasting_refusal_is_given_up_at_once(
    app: App,
    services: Services,
    receiver: Receiver,
    event: Event,
    subscription: str,
    answer: Reply | CallbackFailed,
) -> None:
    receiver.answers = [answer]
    attempt(app, services, receiver, event)
    assert state(services, event, subscription) == (DeliveryState.GIVEN_UP, 1)


def test_a_poisoned_message_ends_the_delivery(services: Services, event: Event, subscription: str) -> None:
    message = EventMessage(event.day, event.event_id, subscription, 0)
    assert give_up(services, message) == "The delivery was given up."
    assert give_up(services, message) == "The delivery had ended already."
    assert state(services, event, subscription)[0] is DeliveryState.GIVEN_UP


def test_a_subscription_that_is_gone_gets_nothing(
    app: App, services: Services, receiver: Receiver, event: Event, subscription: str
) -> None:
    services.events.delete_subscription(subscription)
    message = EventMessage(event.day, event.event_id, subscription, 0)
    deliver(services, cast(CallbackSender, receiver), app.support, message, "a")
    assert receiver.got == []
    assert state(services, event, subscription)[0] is DeliveryState.GIVEN_UP


def test_old_events_go_and_subscriptions_stay(services: Services, event: Event, subscription: str) -> None:
    services.events.delete_before(NOW)
    assert services.events.event(event.day, event.event_id) is not None
    services.events.delete_before(NOW + timedelta(days=1))
    assert services.events.event(event.day, event.event_id) is None
    assert services.events.delivery(event.day, event.event_id, subscription) is None
    assert len(services.events.subscriptions()) == 1


# --- digests ------------------------------------------------------------------------------------------------


def digest(services: Services, clock: SetClock, subscription: str) -> dict[str, Any] | None:
    """What today's digest says."""
    today = licenses_expiring(clock().date(), clock(), [], 0)
    found = services.events.event(today.day, today.event_id)
    return dict(found.data) if found else None


def test_each_licence_is_in_the_digests_of_its_days(
    services: Services, clock: SetClock, subscription: str
) -> None:
    give(services.ledger, items(1), opens(NOW + timedelta(days=14)))
    told = []
    for _ in range(16):
        for _ in range(2):  # the timer fires often
            notices.announce(services)
        found = digest(services, clock, subscription)
        if found:
            told.append(found["licenses"][0]["daysLeft"])
        clock.advance(timedelta(days=1))
    assert told == [14, 7, 1]


def test_missed_days_are_made_up_for_in_one_digest(
    services: Services, clock: SetClock, subscription: str
) -> None:
    give(services.ledger, items(1), opens(NOW + timedelta(days=15)))
    notices.announce(services)
    assert digest(services, clock, subscription) is None
    clock.advance(timedelta(days=10))  # over the notices of day 14 and 7
    notices.announce(services)
    found = digest(services, clock, subscription)
    assert found is not None
    assert (found["total"], found["licenses"][0]["daysLeft"]) == (1, 5)


def test_without_a_subscriber_nothing_is_kept(services: Services, clock: SetClock) -> None:
    give(services.ledger, items(3), opens(NOW + timedelta(days=5)))
    notices.announce(services)
    assert services.events.last_notice() is None
    assert waiting(services) == 0


# --- what a sweep took --------------------------------------------------------------------------------------


def test_a_sweep_tells_how_many_licences_it_took(services: Services, subscription: str) -> None:
    """More than an event names, of some users two, and none that could not be taken."""
    taken = [replace(one, status=ItemStatus.CHANGED, removed=(VISIO, PROJECT)) for one in items(60)]
    left = [replace(item(100), status=ItemStatus.FAILED, removed=(VISIO,))]
    job = replace(sweep_job(), status=JobStatus.FINISHED, phase=Phase.ENDED, chunks=2)
    services.jobs.create(job)
    services.jobs.create_chunks(job.job_id, [ChunkRecord(0, taken[:40]), ChunkRecord(1, taken[40:] + left)])
    now = view(services, job)
    publish_end(services, job, now)
    expired = licenses_expired(job, now, [], 0)
    found = services.events.event(expired.day, expired.event_id)
    assert found is not None
    assert (found.data["total"], len(found.data["licenses"])) == (120, MOST_NAMED)
