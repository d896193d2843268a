"""Who wants to be told, what happened, and how far its delivery is: the table `events`.

    subscription | <id>                     who wants to be told what, and where
    notices      | expiring                 the last day whose digest of expiring licences is published
    day|20261124 | <eventId>                an event
    day|20261124 | <eventId>|<target>       its delivery to a subscription, or to the job's callback URL

Callback URLs and secrets are kept as they are: Azure Storage encrypts what it keeps, and whoever may read this table
can change any licence anyway. They leave it only towards their receiver.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum, unique
from typing import Literal

from azure.data.tables import TableClient, TableEntity

from shared.clock import from_iso, to_iso
from shared.events.event import Event, EventType
from shared.models import Caller
from shared.storage import tables
from shared.storage.connection import Storage
from shared.storage.packing import deflate, inflate, join, split

CALLBACK = "callback"
"""The target that is the job's own callback URL; others are ids of subscriptions."""
Format = Literal["json", "teams"]
_SUBSCRIPTIONS, _NOTICES, _EXPIRING = "subscription", "notices", "expiring"


@unique
class DeliveryState(StrEnum):
    PENDING = "pending"
    DELIVERED = "delivered"
    GIVEN_UP = "givenUp"


@dataclass(frozen=True, slots=True)
class Subscription:
    """`base_url` is where its creator reached the app: links in events begin with it."""

    subscription_id: str
    events: frozenset[EventType]
    format: Format
    base_url: str
    created_at: datetime
    created_by: Caller
    callback_url: str = field(repr=False)
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Delivery:
    """`attempts` counts tries that began; `owner` is the message that began the latest."""

    day: str
    event_id: str
    target: str
    state: DeliveryState = DeliveryState.PENDING
    attempts: int = 0
    owner: str = ""
    etag: str = ""


class EventStore:
    """Every method raises StorageUnavailable where Storage is away."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    @property
    def _table(self) -> TableClient:
        return self._storage.table("events")

    # --- subscriptions ------------------------------------------------------------------------------------

    def subscriptions(self) -> list[Subscription]:
        """All, the oldest first."""
        rows = tables.query(self._table, "PartitionKey eq @partition", {"partition": _SUBSCRIPTIONS})
        return sorted(map(_subscription, rows), key=lambda one: (one.created_at, one.subscription_id))

    def subscription(self, subscription_id: str) -> Subscription | None:
        row = tables.get(self._table, _SUBSCRIPTIONS, subscription_id)
        return _subscription(row) if row else None

    def put_subscription(self, subscription: Subscription) -> None:
        """In the place of a former one of the same id."""
        by = subscription.created_by
        tables.upsert(
            self._table,
            {
                "PartitionKey": _SUBSCRIPTIONS,
                "RowKey": subscription.subscription_id,
                "events": ",".join(sorted(subscription.events)),
                "callbackUrl": subscription.callback_url,
                "secret": subscription.secret,
                "format": subscription.format,
                "baseUrl": subscription.base_url,
                "createdAt": to_iso(subscription.created_at),
                "by": by.name,
                "kind": by.kind,
                "callerKey": by.key,
            },
        )

    def delete_subscription(self, subscription_id: str) -> None:
        """Idempotent."""
        tables.delete(self._table, _SUBSCRIPTIONS, subscription_id)

    # --- events and their deliveries ----------------------------------------------------------------------

    def record(self, event: Event, targets: Iterable[str]) -> list[Delivery]:
        """Put the event and a delivery for each target on record; answers the deliveries that are pending.

        Idempotent: those that are on record already stay as they are.
        """
        document = {"subject": event.subject, "data": dict(event.data), "portal": event.portal}
        packed = split(deflate(json.dumps(document).encode()))
        partition = _day(event.day)
        row = {"type": event.type.value, "at": to_iso(event.time)} | packed
        tables.upsert(self._table, {"PartitionKey": partition, "RowKey": event.event_id, **row})
        pending = []
        for target in targets:
            created = Delivery(event.day, event.event_id, target)
            if tables.create(self._table, _delivery_row(created)) is None:
                found = self.delivery(event.day, event.event_id, target)
                created = found or created
            if created.state is DeliveryState.PENDING:
                pending.append(created)
        return pending

    def event(self, day: str, event_id: str) -> Event | None:
        row = tables.get(self._table, _day(day), event_id)
        if row is None:
            return None
        document = json.loads(inflate(join(row)))
        return Event(event_id, EventType(row["type"]), from_iso(row["at"]), **document)

    def delivery(self, day: str, event_id: str, target: str) -> Delivery | None:
        row = tables.get(self._table, _day(day), f"{event_id}|{target}")
        if row is None:
            return None
        state, etag = DeliveryState(row["state"]), tables.etag_of(row)
        return Delivery(day, event_id, target, state, int(row["attempts"]), row["owner"], etag)

    def save(self, delivery: Delivery) -> Delivery:
        """Raises Superseded where it changed since it was read."""
        return replace(delivery, etag=tables.replace(self._table, _delivery_row(delivery), delivery.etag))

    def delete_before(self, moment: datetime) -> None:
        """Forget what happened on the days before that moment's, deliveries included."""
        rows = tables.query(
            self._table,
            "PartitionKey ge @first and PartitionKey lt @end",
            {"first": _day(""), "end": _day(f"{moment:%Y%m%d}")},
            select=("PartitionKey", "RowKey"),
        )
        for row in list(rows):
            tables.delete(self._table, row["PartitionKey"], row["RowKey"])

    # --- notices ------------------------------------------------------------------------------------------

    def last_notice(self) -> date | None:
        """The day of the latest digest of expiring licences."""
        row = tables.get(self._table, _NOTICES, _EXPIRING)
        return date.fromisoformat(row["day"]) if row else None

    def note_notice(self, day: date) -> None:
        row = {"PartitionKey": _NOTICES, "RowKey": _EXPIRING, "day": day.isoformat()}
        tables.upsert(self._table, row)


def _day(day: str) -> str:
    return f"day|{day}"


def _delivery_row(delivery: Delivery) -> dict[str, str | int]:
    return {
        "PartitionKey": _day(delivery.day),
        "RowKey": f"{delivery.event_id}|{delivery.target}",
        "state": delivery.state.value,
        "attempts": delivery.attempts,
        "owner": delivery.owner,
    }


def _subscription(row: TableEntity) -> Subscription:
    return Subscription(
        subscription_id=row["RowKey"],
        events=frozenset(EventType(name) for name in row["events"].split(",")),
        format=row["format"],
        base_url=row["baseUrl"],
        created_at=from_iso(row["createdAt"]),
        created_by=Caller(row["by"], row["kind"], row["callerKey"]),
        callback_url=row["callbackUrl"],
        secret=row["secret"],
    )
