"""Requests with a body that make no job."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from shared.api.bodies import MAX_GROUPS, EventName, GrantBody, GroupIdsBody, ReceiverBody, SubscriptionBody
from shared.api.faults import fault, invalid, read_model
from shared.api.json_body import read_object
from shared.api.rules import callback_fault
from shared.calendar import expiry
from shared.errors import Fault, TooLarge

_ONE_OF = "Send exactly one of expiresAt, expiresIn and permanent: true."


@dataclass(frozen=True, slots=True)
class GrantTerm:
    """When a temporary license is to end from now on. None: never, it becomes permanent."""

    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class SubscriptionRequest:
    """Who wants to be told what. `events` are distinct; `callback_url` is a secret of its receiver."""

    events: tuple[EventName, ...]
    format: Literal["json", "teams"]
    callback_url: str = field(repr=False)


def parse_grant_change(
    body: bytes, now: datetime, *, chunked: bool = False, faults: Iterable[Fault] = ()
) -> GrantTerm:
    """PATCH /temporary-licenses/{id}. `expiresIn` counts from `now`.

    Raises:
        TooLarge: more than 1 MiB.
        InvalidRequest: no JSON object, or with every fault.
    """
    raw = read_object(body, chunked=chunked)
    reading = read_model(GrantBody, raw)
    found = [*faults, *reading.faults]
    sent = [name for name in ("expiresAt", "expiresIn", "permanent") if raw.get(name) is not None]
    if len(sent) != 1:
        found.append(fault(_ONE_OF, sent[1] if sent else "expiresAt"))
    expires_at = reading.body.expires_at
    expires_in = reading.body.expires_in
    if expires_in is not None:
        try:
            expires_at = expiry(now, expires_in.value, expires_in.unit)
        except ValueError:
            found.append(fault("The license would expire after 2099. Choose less.", "expiresIn.value"))
    if found:
        raise invalid(tuple(found))
    return GrantTerm(expires_at)


def parse_group_ids(body: bytes, *, chunked: bool = False, faults: Iterable[Fault] = ()) -> tuple[str, ...]:
    """POST /licenses/assigned: the group ids as they were sent; one that is named twice counts once.

    Raises:
        TooLarge: more than 1 MiB, or `TooManyGroups`.
        InvalidRequest: no JSON object, or with every fault.
    """
    raw = read_object(body, chunked=chunked)
    reading = read_model(GroupIdsBody, raw)
    found = [*faults, *reading.faults]
    group_ids = tuple(reading.body.group_ids or ())
    if not group_ids and "groupIds" not in reading.bad:
        found.append(fault("Select at least one group.", "groupIds"))
    if found:
        raise invalid(tuple(found))
    refusal = too_many_groups(len(set(group_ids)))
    if refusal:
        raise refusal
    return group_ids


def parse_subscription(
    body: bytes, callback_hosts: frozenset[str], *, chunked: bool = False, faults: Iterable[Fault] = ()
) -> SubscriptionRequest:
    """POST /subscriptions. `callback_hosts` is the setting CALLBACK_HOSTS.

    Raises:
        TooLarge: more than 1 MiB.
        InvalidRequest: no JSON object, or with every fault.
    """
    raw = read_object(body, chunked=chunked)
    reading = read_model(SubscriptionBody, raw)
    url, events = reading.body.callback_url, tuple(dict.fromkeys(reading.body.events or ()))
    found = [*faults, *reading.faults]
    if "callbackUrl" not in reading.bad:
        found += _callback_faults(url, callback_hosts)
    if not events and "events" not in reading.bad:
        found.append(fault("Name at least one event.", "events"))
    if found:
        raise invalid(tuple(found))
    return SubscriptionRequest(events, reading.body.format, str(url))


def parse_receiver(
    body: bytes,
    event: EventName,
    callback_hosts: frozenset[str],
    *,
    chunked: bool = False,
    faults: Iterable[Fault] = (),
) -> SubscriptionRequest:
    """A subscription to one event, which the path names. Raises as `parse_subscription`."""
    reading = read_model(ReceiverBody, read_object(body, chunked=chunked))
    url = reading.body.callback_url
    found = [*faults, *reading.faults]
    if "callbackUrl" not in reading.bad:
        found += _callback_faults(url, callback_hosts)
    if found:
        raise invalid(tuple(found))
    return SubscriptionRequest((event,), "json", str(url))


def _callback_faults(url: str | None, hosts: frozenset[str]) -> list[Fault]:
    refused = "Name the URL that is to get the events." if url is None else callback_fault(url, hosts)
    return [fault(refused, "callbackUrl")] if refused else []


def read_nothing(body: bytes, faults: Iterable[Fault] = ()) -> None:
    """A request that needs no body: none, or `{}`, which some clients always send.

    Raises:
        TooLarge: more than 1 MiB.
        InvalidRequest: no JSON object, or with every fault.
    """
    raw = read_object(body, optional=True)
    found = (*faults, *(fault("This call takes no fields. Send no body.", name) for name in raw))
    if found:
        raise invalid(found)


def too_many_groups(distinct: int) -> TooLarge | None:
    """The error (`TooManyGroups`) for more than 500 distinct groups."""
    if distinct <= MAX_GROUPS:
        return None
    return TooLarge(
        f"The request names {distinct} groups; {MAX_GROUPS} are the most. Split it.",
        code="TooManyGroups",
        target="groupIds",
    )
