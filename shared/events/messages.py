"""The messages on the queue license-events: keys of a delivery, and which try it is."""

from dataclasses import dataclass
from typing import Any

from shared.jobs.messages import UnreadableMessage
from shared.storage.event_store import Delivery
from shared.storage.queues import EVENTS, WorkQueues


@dataclass(frozen=True, slots=True)
class EventMessage:
    """`tried` counts the tries before this one. `owner` stands in a copy that comes back in a message's place."""

    day: str
    event_id: str
    target: str
    tried: int
    owner: str | None = None


def send_event(queues: WorkQueues, delivery: Delivery, delay_seconds: float = 0) -> None:
    body: dict[str, str | int | bool | None] = {
        "day": delivery.day,
        "event": delivery.event_id,
        "target": delivery.target,
        "tried": delivery.attempts,
    }
    queues.send(EVENTS, body, delay_seconds)


def read_event(body: Any) -> EventMessage:
    """Raises UnreadableMessage."""
    if not isinstance(body, dict):
        raise UnreadableMessage("no object")
    day, event_id, target = (body.get(name) for name in ("day", "event", "target"))
    tried, owner = body.get("tried"), body.get("owner")
    if not (isinstance(day, str) and isinstance(event_id, str) and isinstance(target, str)):
        raise UnreadableMessage("day, event or target is missing")
    if not isinstance(tried, int) or isinstance(tried, bool):
        raise UnreadableMessage("tried is missing")
    return EventMessage(day, event_id, target, tried, owner if isinstance(owner, str) else None)
