"""Temporary licenses, the audit and the state of health as JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from shared.api.answers import by_json, time_json
from shared.api.shapes import AuditShape, GrantEventShape, GrantShape, HealthShape
from shared.clock import to_iso
from shared.models import Caller


@dataclass(frozen=True, slots=True)
class GrantEvent:
    """`what` is Granted, Moved, MadePermanent or Ended; `expires_at` the expiry from then on."""

    at: datetime
    what: str
    by: Caller
    expires_at: datetime | None = None
    job_id: str | None = None


@dataclass(frozen=True, slots=True)
class GrantView:
    """A temporary license as its readers see it. `reason` tells why it ended."""

    grant_id: str
    user_id: str
    user_principal_name: str
    user_display_name: str
    sku_id: str
    expires_at: datetime | None
    created_at: datetime
    job_id: str
    status: Literal["running", "ending", "ended"]
    reason: str | None = None
    history: tuple[GrantEvent, ...] = ()


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """`details` is JSON and holds no secret."""

    time: datetime
    by: Caller
    what: str
    job_id: str | None = None
    grant_id: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class QueueCount:
    """Approximate numbers of messages."""

    name: str
    messages: int
    poison: int


def grant_json(grant: GrantView, names: Mapping[str, str]) -> GrantShape:
    """`names` are display names of licenses by skuId."""
    return {
        "id": grant.grant_id,
        "user": {
            "id": grant.user_id,
            "userPrincipalName": grant.user_principal_name,
            "displayName": grant.user_display_name,
        },
        "license": {"skuId": grant.sku_id, "displayName": names.get(grant.sku_id, grant.sku_id)},
        "expiresAt": time_json(grant.expires_at),
        "createdAt": to_iso(grant.created_at),
        "jobId": grant.job_id,
        "status": grant.status,
        "reason": grant.reason,
        "history": [_event(event) for event in grant.history],
    }


def audit_json(entry: AuditEntry) -> AuditShape:
    return {
        "time": to_iso(entry.time),
        "by": by_json(entry.by),
        "what": entry.what,
        "jobId": entry.job_id,
        "grantId": entry.grant_id,
        "details": dict(entry.details),
    }


def health_json(
    *, storage_fault: str | None, graph_fault: str | None, queues: Sequence[QueueCount]
) -> HealthShape:
    """A fault is a sentence on why the part cannot be reached, None where it can."""
    healthy = storage_fault is None and graph_fault is None
    return {
        "status": "Healthy" if healthy else "Unhealthy",
        "storage": {"ok": storage_fault is None, "message": storage_fault},
        "graph": {"ok": graph_fault is None, "message": graph_fault},
        "queues": [
            {"name": queue.name, "messages": queue.messages, "poison": queue.poison} for queue in queues
        ],
    }


def _event(event: GrantEvent) -> GrantEventShape:
    return {
        "at": to_iso(event.at),
        "what": event.what,
        "expiresAt": time_json(event.expires_at),
        "by": by_json(event.by),
        "jobId": event.job_id,
    }
