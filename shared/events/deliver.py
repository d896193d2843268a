"""One try to deliver an event to one receiver.

Each try is claimed on record before the message leaves, by the queue message that makes it. A repeat of that message
(a killed host's) makes the try again, so nothing is lost; any other message for the same try finds it taken.
"""

import json
import logging
from dataclasses import dataclass, replace

from shared.api.answers import job_json
from shared.api.directory_answers import license_names
from shared.api.urls import Urls
from shared.errors import GraphError
from shared.events import signature
from shared.events.event import Event, event_json
from shared.events.messages import EventMessage, send_event
from shared.events.sender import CallbackFailed, CallbackSender, Reply
from shared.events.teams import card_message
from shared.jobs import view
from shared.jobs.services import Services
from shared.retry import MAX_DELAY_SECONDS
from shared.storage.event_store import CALLBACK, Delivery, DeliveryState
from shared.storage.queues import EVENTS
from shared.storage.support_store import SupportStore

GONE = 410
"""What a receiver answers that wants no more events, ever: its subscription ends."""
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Parcel:
    """What goes to a receiver. The URL and the secret are secrets of the receiver: never logged."""

    url: str
    secret: str
    body: bytes


def deliver(
    services: Services, sender: CallbackSender, support: SupportStore, message: EventMessage, owner: str
) -> None:
    """Make the try that the message asks for. `owner` names the message, through all its repeats.

    Raises:
        Superseded, StorageUnavailable: the message comes back.
    """
    claimed = _claim(services, message, owner)
    if claimed is None:
        return
    parcel = _parcel(services, claimed)
    if parcel is None:
        _end(services, claimed, DeliveryState.GIVEN_UP)
        return
    sent = signature.headers(claimed.event_id, parcel.secret, parcel.body, services.clock())
    try:
        reply = sender.post(parcel.url, parcel.body, sent)
    except CallbackFailed as error:
        _failed(services, support, claimed, str(error), lasting=error.lasting)
        return
    _answered(services, support, claimed, reply)


def give_up(services: Services, message: EventMessage) -> str:
    """A message that could not be handled at all; answers what was done about it."""
    delivery = services.events.delivery(message.day, message.event_id, message.target)
    if delivery is None or delivery.state is not DeliveryState.PENDING:
        return "The delivery had ended already."
    _end(services, delivery, DeliveryState.GIVEN_UP)
    return "The delivery was given up."


def _claim(services: Services, message: EventMessage, owner: str) -> Delivery | None:
    """The delivery, if this try is ours to make."""
    delivery = services.events.delivery(message.day, message.event_id, message.target)
    if delivery is None or delivery.state is not DeliveryState.PENDING:
        return None
    if delivery.attempts == message.tried + 1 and delivery.owner == owner:
        return delivery
    if delivery.attempts != message.tried:
        return None
    return services.events.save(replace(delivery, attempts=message.tried + 1, owner=owner))


def _answered(services: Services, support: SupportStore, delivery: Delivery, reply: Reply) -> None:
    if 200 <= reply.status < 300:
        _end(services, delivery, DeliveryState.DELIVERED)
        log.info("event %s delivered to %s", delivery.event_id, delivery.target)
        return
    if reply.status == GONE and delivery.target != CALLBACK:
        services.events.delete_subscription(delivery.target)
        log.warning("subscription %s ended: its receiver answered 410", delivery.target)
    lasting = reply.status < 500 and reply.status not in (408, 429)
    reason = f"the receiver answered {reply.status}"
    _failed(
        services,
        support,
        delivery,
        reason,
        lasting=lasting,
        retry_after=reply.retry_after and min(reply.retry_after, MAX_DELAY_SECONDS),
    )


def _failed(
    services: Services,
    support: SupportStore,
    delivery: Delivery,
    reason: str,
    *,
    lasting: bool,
    retry_after: float | None = None,
) -> None:
    """Have it tried again, or give it up and keep that on record."""
    now = services.clock()
    policy = services.settings.retry
    again = (
        None
        if lasting
        else policy.next_attempt(delivery.attempts, now, retry_after=retry_after, random=services.random)
    )
    if again is not None:
        log.warning("event %s for %s: %s; it is tried again", delivery.event_id, delivery.target, reason)
        send_event(services.queues, delivery, (again - now).total_seconds())
        return
    outcome = f"Given up after {delivery.attempts} tries: {reason}"
    log.error("event %s for %s: %s", delivery.event_id, delivery.target, outcome)
    text = json.dumps({"event": delivery.event_id, "day": delivery.day, "target": delivery.target})
    support.record(EVENTS, f"{delivery.event_id}|{delivery.target}", text, outcome)
    _end(services, delivery, DeliveryState.GIVEN_UP)


def _end(services: Services, delivery: Delivery, state: DeliveryState) -> None:
    services.events.save(replace(delivery, state=state))


def _parcel(services: Services, delivery: Delivery) -> Parcel | None:
    """None where the receiver or the event is gone."""
    event = services.events.event(delivery.day, delivery.event_id)
    if event is None:
        return None
    return (
        _for_job(services, event)
        if delivery.target == CALLBACK
        else _for_subscription(services, event, delivery)
    )


def _for_subscription(services: Services, event: Event, delivery: Delivery) -> Parcel | None:
    subscription = services.events.subscription(delivery.target)
    if subscription is None:
        return None
    document = event_json(event, subscription.base_url)
    if subscription.format == "teams":
        document = card_message(document)
    return Parcel(subscription.callback_url, subscription.secret, _json(document))


def _for_job(services: Services, event: Event) -> Parcel | None:
    """The job as it is now; nothing where it was started again, since its next end will be told."""
    job = services.jobs.get(str(event.data["jobId"]))
    if job is None or job.request.callback_url is None or not job.status.terminal:
        return None
    urls = Urls(services.settings.site_url)
    document = job_json(view.view(services, job), urls, _names(services))
    return Parcel(job.request.callback_url, job.facts.wait_token, _json(document))


def _names(services: Services) -> dict[str, str]:
    """Ids stand for the names of licences while Graph is away."""
    try:
        return license_names(services.catalog.get())
    except GraphError:
        return {}


def _json(document: object) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()
