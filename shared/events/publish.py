"""From what happened to one message for each receiver. Everything here is idempotent: a repeat finds its record."""

import logging
from collections.abc import Iterable, Iterator

from shared.events.event import (
    Event,
    EventType,
    NamedLicense,
    first_and_total,
    job_finished,
    licenses_expired,
    sweep_stopped,
)
from shared.events.messages import send_event
from shared.jobs.records import JobRecord
from shared.jobs.services import Services
from shared.models import Action, Catalog, ItemStatus, JobView
from shared.storage.event_store import CALLBACK, Subscription

log = logging.getLogger(__name__)


def publish(services: Services, event: Event, targets: Iterable[str]) -> None:
    """Put the event on record and have it delivered to these targets; none, no record.

    A delivery that is pending is sent again: its message may have been lost between record and queue. Two messages
    for one delivery do no harm, since each try belongs to one of them.
    """
    targets = list(targets)
    if not targets:
        return
    for delivery in services.events.record(event, targets):
        send_event(services.queues, delivery)
    log.info("event %s (%s) goes to %d receivers", event.event_id, event.type, len(targets))


def publish_end(services: Services, job: JobRecord, now: JobView) -> None:
    """A job ended: for its callback URL, for those who want to know of jobs, or of licences that expired."""
    subscriptions = services.events.subscriptions()
    targets = subscribed(subscriptions, EventType.JOB_FINISHED)
    if job.request.callback_url is not None:
        targets.append(CALLBACK)
    publish(services, job_finished(job, now), targets)
    if job.request.action is Action.EXPIRE and now.counts.changed:
        targets = subscribed(subscriptions, EventType.LICENSES_EXPIRED)
        if targets:
            named, total = first_and_total(_taken(services, job))
            publish(services, licenses_expired(job, now, named, total), targets)


def publish_held_sweep(services: Services) -> None:
    """The latest sweep waits for a person; told once."""
    noted = services.ledger.last_sweep()
    job = services.jobs.get(noted) if noted else None
    if job is not None and not job.status.terminal and job.error is not None:
        targets = subscribed(services.events.subscriptions(), EventType.SWEEP_STOPPED)
        publish(services, sweep_stopped(job), targets)


def subscribed(subscriptions: Iterable[Subscription], type_: EventType) -> list[str]:
    """Who wants to know of this, as targets of deliveries."""
    return [one.subscription_id for one in subscriptions if type_ in one.events]


def _taken(services: Services, job: JobRecord) -> Iterator[NamedLicense]:
    """The licences that the sweep took."""
    catalog = services.catalog.get()
    for chunk in services.jobs.chunks(job.job_id):
        for item in chunk.items:
            if item.status is ItemStatus.CHANGED:
                for sku_id in item.removed:
                    yield NamedLicense(
                        item.user_principal_name, item.display_name, sku_id, name_of(catalog, sku_id)
                    )


def name_of(catalog: Catalog, sku_id: str) -> str:
    """What people call a licence; its id where the tenant has it no longer."""
    sku = catalog.get(sku_id)
    return sku.name if sku else sku_id
