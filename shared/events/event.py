"""The events: pure values, each with an id that follows from what happened, so that a repeat is known as one."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum, unique
from typing import Any

from shared.api.urls import Urls
from shared.clock import to_iso
from shared.jobs.records import JobRecord
from shared.models import Counts, JobView

MOST_NAMED = 50
"""Licences that one event names; it counts all of them."""
_IDS = uuid.UUID("2b6f4c0a-5d0e-4d53-9d0f-6f5b0f0b7e21")


@unique
class EventType(StrEnum):
    JOB_FINISHED = "job.finished"
    LICENSES_EXPIRING = "license.expiring"
    LICENSES_EXPIRED = "license.expired"
    SWEEP_STOPPED = "sweep.stopped"


@dataclass(frozen=True, slots=True)
class Event:
    """`data` is JSON without nulls, since flows drop those; `portal` is the page of the portal about it."""

    event_id: str
    type: EventType
    time: datetime
    subject: str
    data: Mapping[str, Any]
    portal: str

    @property
    def day(self) -> str:
        """The day it happened, as `20261124`; records of deliveries are kept by it."""
        return f"{self.time:%Y%m%d}"


@dataclass(frozen=True, slots=True)
class NamedLicense:
    """A temporary licence in a digest. `days_left` in whole days by the calendar, 0 on the day it ends."""

    user_principal_name: str
    display_name: str
    sku_id: str
    license: str
    expires_at: datetime | None = None
    days_left: int | None = None


def event_json(event: Event, base_url: str) -> dict[str, Any]:
    """As receivers get it; `base_url` is where the portal is."""
    portal = f"{Urls(base_url).base}/portal/#/{event.portal}"
    return {
        "id": event.event_id,
        "type": event.type.value,
        "time": to_iso(event.time),
        "subject": event.subject,
        "data": {**event.data, "portalUrl": portal},
    }


def job_finished(job: JobRecord, now: JobView) -> Event:
    """A job ended; once for each of its runs."""
    request = job.request
    data = {
        "jobId": job.job_id,
        "action": request.action.value,
        "status": now.status.value,
        "dryRun": request.dry_run,
        "note": request.note or "",
        "createdBy": now.created_by.name,
        "message": now.error.message if now.error else "",
        "counts": _counts(now.counts),
    }
    what = f"{request.action.value} (dry run)" if request.dry_run else request.action.value
    subject = f"License job {what}: {now.status.value}, {_summary(now.counts)}"
    return Event(
        _id(EventType.JOB_FINISHED, job.job_id, job.run),
        EventType.JOB_FINISHED,
        now.finished_at or now.created_at,
        subject,
        data,
        f"jobs/{job.job_id}",
    )


def first_and_total(licenses: Iterable[NamedLicense]) -> tuple[list[NamedLicense], int]:
    """Those that an event names, and how many there are in all."""
    total, named = 0, list[NamedLicense]()
    for one in licenses:
        total += 1
        if len(named) < MOST_NAMED:
            named.append(one)
    return named, total


def licenses_expired(job: JobRecord, now: JobView, named: Sequence[NamedLicense], total: int) -> Event:
    """A sweep took licences whose time was over. `total` counts those that are not named too."""
    data = {
        "jobId": job.job_id,
        "status": now.status.value,
        "counts": _counts(now.counts),
        "total": total,
        "licenses": [_named(one) for one in named[:MOST_NAMED]],
    }
    return Event(
        _id(EventType.LICENSES_EXPIRED, job.job_id, job.run),
        EventType.LICENSES_EXPIRED,
        now.finished_at or now.created_at,
        f"Temporary licenses expired: {_summary(now.counts)}",
        data,
        f"jobs/{job.job_id}",
    )


def licenses_expiring(day: date, time: datetime, named: Sequence[NamedLicense], total: int) -> Event:
    """The digest of a day: licences whose notice is due. `total` counts those that are not named too."""
    subject = f"{total} temporary license{'s' if total != 1 else ''} will expire soon"
    data = {"total": total, "licenses": [_named(one) for one in named[:MOST_NAMED]]}
    return Event(
        _id(EventType.LICENSES_EXPIRING, day.isoformat()),
        EventType.LICENSES_EXPIRING,
        time,
        subject,
        data,
        "temporary",
    )


def sweep_stopped(job: JobRecord) -> Event:
    """A sweep is held for a person to decide. Raises ValueError for one that is not."""
    if job.error is None:
        raise ValueError(f"job {job.job_id} is not held")
    data = {"jobId": job.job_id, "code": job.error.code, "message": job.error.message}
    return Event(
        _id(EventType.SWEEP_STOPPED, job.job_id),
        EventType.SWEEP_STOPPED,
        job.facts.created_at,
        "An expiry sweep waits for a person",
        data,
        f"jobs/{job.job_id}",
    )


def _id(type_: EventType, *parts: object) -> str:
    return str(uuid.uuid5(_IDS, "|".join([type_.value, *map(str, parts)])))


def _counts(counts: Counts) -> dict[str, int]:
    return {
        "total": counts.total,
        "changed": counts.changed,
        "unchanged": counts.unchanged,
        "failed": counts.failed,
        "canceled": counts.canceled,
    }


def _summary(counts: Counts) -> str:
    """`38 of 40 users changed, 2 failed`."""
    text = f"{counts.changed} of {counts.total} users changed"
    return text + (f", {counts.failed} failed" if counts.failed else "")


def _named(one: NamedLicense) -> dict[str, Any]:
    known: dict[str, Any] = {
        "userPrincipalName": one.user_principal_name,
        "displayName": one.display_name,
        "skuId": one.sku_id,
        "license": one.license,
    }
    if one.expires_at is not None:
        known |= {"expiresAt": to_iso(one.expires_at), "daysLeft": one.days_left or 0}
    return known
