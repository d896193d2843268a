"""Who wants to be told."""

import secrets
import uuid

from shared.api.other_bodies import SubscriptionRequest
from shared.errors import Conflict
from shared.events.event import EventType
from shared.jobs.services import Services
from shared.models import Caller
from shared.storage.event_store import Subscription

MOST = 100
"""Subscriptions of an app: each costs a message and a delivery for every job."""
_IDS = uuid.UUID("7d8b3c54-9f0e-4c1c-8a52-0d4a1f5f2f60")


def subscribe(
    services: Services, request: SubscriptionRequest, base_url: str, caller: Caller
) -> Subscription:
    """A subscription with a new secret.

    One for each URL and format: asked for again (a flow's retry, a flow saved anew), it takes the former one's place,
    so that nobody is told twice.

    Raises:
        Conflict: TooManySubscriptions.
    """
    subscription_id = str(uuid.uuid5(_IDS, f"{request.format}|{request.callback_url}"))
    others = {one.subscription_id for one in services.events.subscriptions()} - {subscription_id}
    if len(others) >= MOST:
        raise Conflict(
            f"There are {MOST} subscriptions already. Delete those that nobody needs (GET /api/subscriptions).",
            code="TooManySubscriptions",
        )
    subscription = Subscription(
        subscription_id=subscription_id,
        events=frozenset(EventType(name) for name in request.events),
        format=request.format,
        base_url=base_url,
        created_at=services.clock(),
        created_by=caller,
        callback_url=request.callback_url,
        secret=secrets.token_urlsafe(32),
    )
    services.events.put_subscription(subscription)
    return subscription
