"""Subscriptions over HTTP: who is told by POST what happens."""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from handlers.endpoint import Handler, RequestContext
from handlers.responses import Answer
from shared.api.answers import by_json
from shared.api.other_bodies import SubscriptionRequest
from shared.api.request_json import scheme_and_host
from shared.api.shapes import SubscriptionShape
from shared.app import App
from shared.clock import to_iso
from shared.events.subscribing import subscribe
from shared.storage.event_store import Subscription


@dataclass(frozen=True)
class SubscriptionHandlers:
    app: App

    def create(self, context: RequestContext) -> Answer:
        """201 with the secret, this once, and with the URL for DELETE in `Location`."""
        return self._created(context, context.subscription(self.app.settings.callback_hosts))

    def to_jobs(self, context: RequestContext) -> Answer:
        return self._created(context, context.receiver("job.finished", self.app.settings.callback_hosts))

    def to_expiry(self, context: RequestContext) -> Answer:
        return self._created(context, context.receiver("license.expiring", self.app.settings.callback_hosts))

    def _created(self, context: RequestContext, request: SubscriptionRequest) -> Answer:
        made = subscribe(self.app.services, request, context.urls.base, context.caller)
        details = {"subscriptionId": made.subscription_id, "events": sorted(made.events), "host": _host(made)}
        self.app.audit.append(context.caller, "SubscriptionCreated", details=details)
        location = context.urls.subscription(made.subscription_id)
        return Answer({**_shown(made), "secret": made.secret}, 201, {"Location": location})

    def list(self, context: RequestContext) -> Answer:
        """All on one page: there are a hundred at most."""
        return Answer({"value": [_shown(one) for one in self.app.services.events.subscriptions()]})

    def delete(self, context: RequestContext) -> Answer:
        """204, also for one that is gone already."""
        found = self.app.services.events.subscription(context.id)
        if found is not None:
            self.app.services.events.delete_subscription(found.subscription_id)
            details = {"subscriptionId": found.subscription_id, "host": _host(found)}
            self.app.audit.append(context.caller, "SubscriptionDeleted", details=details)
        return Answer(status=204, body=b"")

    def handlers(self) -> Iterator[tuple[str, Handler]]:
        """By the name of their route."""
        yield "CreateSubscription", self.create
        yield "SubscribeToJobs", self.to_jobs
        yield "SubscribeToExpiry", self.to_expiry
        yield "ListSubscriptions", self.list
        yield "DeleteSubscription", self.delete


def _shown(subscription: Subscription) -> SubscriptionShape:
    """Of the callback URL scheme and host: the rest is a secret of its receiver."""
    return {
        "id": subscription.subscription_id,
        "events": [event.value for event in sorted(subscription.events)],
        "callbackUrl": scheme_and_host(subscription.callback_url),
        "format": subscription.format,
        "createdAt": to_iso(subscription.created_at),
        "createdBy": by_json(subscription.created_by),
    }


def _host(subscription: Subscription) -> str:
    return urlsplit(subscription.callback_url).netloc
