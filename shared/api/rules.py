"""Rules across the fields of POST /jobs: what each action needs, what it knows, and what goes together.

They work on the body as sent (`raw`) where the place of a value matters, and on the fields that are right in
themselves (`body`) elsewhere; a field with a fault of its own is not judged again.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from shared.api.bodies import MAX_LICENSES, MAX_REPLACES, BlobBody, JobBody
from shared.api.faults import fault
from shared.calendar import expiry
from shared.errors import Fault

ACTIONS = ("assign", "remove", "replace", "export")
PLAN = "plan"

_PLAN_FIELDS = frozenset(
    {
        "plan",
        "confirm",
        "note",
        "startAt",
        "callbackUrl",
        "stopAfterFailures",
        "allowShortage",
        "clientRequestId",
    }
)
# `confirm` is among them: it answers a question, and a yes to one that is not asked does no harm.
_EVERY_ACTION = frozenset(
    {
        "action",
        "groupIds",
        "include",
        "confirm",
        "stopAfterFailures",
        "startAt",
        "callbackUrl",
        "note",
        "clientRequestId",
    }
)
_GIVING = frozenset({"licenses", "dryRun", "allowShortage", "usageLocation", "usageLocationMode"})

MEANING: Mapping[str, frozenset[str]] = {
    "assign": _EVERY_ACTION | _GIVING | {"expiresIn"},
    "remove": _EVERY_ACTION | {"licenses", "dryRun"},
    "replace": _EVERY_ACTION | _GIVING | {"replaces", "keepDisabledPlans"},
    "export": _EVERY_ACTION | {"export"},
    PLAN: _PLAN_FIELDS,
}
"""The fields that mean something, by action."""

_REQUIRED: Mapping[str, Mapping[str, str]] = {
    "groupIds": dict.fromkeys(ACTIONS, "Name the groups: 1 to 500 group IDs."),
    "licenses": dict.fromkeys(
        ACTIONS[:3], f"Name the licenses: 1 to {MAX_LICENSES} of them, each by its skuId."
    ),
    "replaces": {"replace": "Name what to replace: 'all', or a list of skuIds."},
}

FIELDS: Mapping[str, str] = {str(field.alias): name for name, field in JobBody.model_fields.items()}
"""Names in Python by names in JSON."""

FLAGS = frozenset(alias for alias, name in FIELDS.items() if JobBody.model_fields[name].annotation is bool)
"""Fields that are true or false. Null is neither: where one has a meaning it is a fault, not a quiet false.
"""

_ASKS_NOTHING = ("assign", "export")
"""Actions that take nothing away: `confirm` answers no question there, so null is as good as absent."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What the rules need to know of the app and the hour.

    `callback_hosts` are `host` or `host:port`, in lower case; `own_containers` the blob containers of the app
    itself, which no export may write to. `now` is aware, in UTC.
    """

    callback_hosts: frozenset[str]
    now: datetime
    own_containers: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Sent:
    """A body on its way through the rules. `kind` is an action, "plan", or None where neither is named."""

    kind: str | None
    raw: Mapping[str, Any]
    body: JobBody
    bad: frozenset[str]


def kind_of(raw: Mapping[str, Any]) -> str | None:
    if raw.get("plan") is not None:
        return PLAN
    action = raw.get("action")
    return action if isinstance(action, str) and action in ACTIONS else None


def without_nulls(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Null stands for absent, except for a flag that has a meaning, and for a name that is unknown anyway."""
    kind = kind_of(raw)
    flags = FLAGS & MEANING[kind] if kind else FLAGS
    if kind in _ASKS_NOTHING:
        flags -= {"confirm"}
    return {
        name: value for name, value in raw.items() if value is not None or name in flags or name not in FIELDS
    }


def broken_rules(sent: Sent, limits: Limits) -> Iterator[Fault]:
    yield from _missing(sent)
    yield from _meaningless(sent)
    yield from _list_faults(sent)
    yield from _field_pairs(sent)
    yield from _time_faults(sent, limits)
    yield from _place_faults(sent, limits)


def _missing(sent: Sent) -> Iterator[Fault]:
    if sent.kind is None and "action" not in sent.bad:
        yield fault(
            "Name the action: assign, remove, replace or export; or name the plan to carry out.", "action"
        )
    for name, messages in _REQUIRED.items():
        if sent.kind and sent.kind in messages and sent.raw.get(name) is None:
            yield fault(messages[sent.kind], name)


def _meaningless(sent: Sent) -> Iterator[Fault]:
    if sent.kind is None:
        return
    for name in FIELDS:
        if name in MEANING[sent.kind] or name in sent.bad or sent.raw.get(name) is None:
            continue
        value = getattr(sent.body, FIELDS[name])
        if value not in (JobBody.model_fields[FIELDS[name]].default, []):
            what = "a plan" if sent.kind == PLAN else f"the action {sent.kind!r}"
            yield fault(f"This has no meaning for {what}. Leave it out.", name)
    if sent.kind == "remove":
        for at, license_ in enumerate(sent.body.licenses or ()):
            if license_.disabled_plans:
                yield fault(
                    "This has no meaning for the action 'remove'. Leave it out.",
                    f"licenses[{at}].disabledPlans",
                )


def _list_faults(sent: Sent) -> Iterator[Fault]:
    """Lengths, and ids named twice. By the lists as sent, so that one bad id hides no other fault."""
    licenses, replaces = _list(sent, "licenses"), _list(sent, "replaces")
    if _list(sent, "groupIds") == []:
        yield fault("Select at least one group.", "groupIds")
    if licenses is not None and not 1 <= len(licenses) <= MAX_LICENSES:
        yield fault(f"Name 1 to {MAX_LICENSES} licenses; there are {len(licenses)}.", "licenses")
    distinct = {_lower(sku_id) for sku_id in replaces or ()}
    if replaces is not None and not 1 <= len(distinct) <= MAX_REPLACES:
        yield fault(
            f"Name 1 to {MAX_REPLACES} licenses to replace, or 'all'; there are {len(distinct)}.", "replaces"
        )
    yield from _repeated(licenses or [], replaces or [])


def _repeated(licenses: list[Any], replaces: list[Any]) -> Iterator[Fault]:
    first: dict[str, int] = {}
    for at, license_ in enumerate(licenses):
        sku_id = _lower(license_.get("skuId")) if isinstance(license_, dict) else None
        if sku_id is not None and first.setdefault(sku_id, at) != at:
            yield fault(
                f"This license stands in licenses[{first[sku_id]}] already. Name it once.",
                f"licenses[{at}].skuId",
            )
    for at, value in enumerate(replaces):
        sku_id = _lower(value)
        if sku_id in first:
            yield fault(
                f"This license is to be given in licenses[{first[sku_id]}]. It cannot be replaced by itself: "
                "leave it out here or there.",
                f"replaces[{at}]",
            )


def _list(sent: Sent, name: str) -> list[Any] | None:
    """A list as sent, None where there is none or it means nothing for the action."""
    if sent.kind is not None and name not in MEANING[sent.kind]:
        return None
    value = sent.raw.get(name)
    return value if isinstance(value, list) else None


def _lower(value: object) -> str | None:
    return value.lower() if isinstance(value, str) else None


def _field_pairs(sent: Sent) -> Iterator[Fault]:
    body = sent.body
    if (
        body.usage_location_mode != "always"
        and sent.raw.get("usageLocation") is None
        and sent.kind
        in (
            "assign",
            "replace",
        )
    ):
        yield fault(
            "The mode goes with a usageLocation. Add one, or leave the mode out.", "usageLocationMode"
        )


def _time_faults(sent: Sent, limits: Limits) -> Iterator[Fault]:
    body = sent.body
    if body.start_at is not None and body.start_at > expiry(limits.now, 12, "months"):
        yield fault("The start must lie within a year from now.", "startAt")
    if body.expires_in is not None:
        start = max(body.start_at or limits.now, limits.now)
        try:
            expiry(start, body.expires_in.value, body.expires_in.unit)
        except ValueError:
            yield fault("The license would expire after 2099. Choose less, or no expiry.", "expiresIn.value")


def _place_faults(sent: Sent, limits: Limits) -> Iterator[Fault]:
    body = sent.body
    if body.callback_url is not None:
        message = callback_fault(body.callback_url, limits.callback_hosts)
        if message:
            yield fault(message, "callbackUrl")
    location = body.export.location if body.export else None
    if isinstance(location, BlobBody) and (
        location.container in limits.own_containers or location.container.startswith("azure-webjobs-")
    ):
        yield fault("This container is the app's own. Name another.", "export.location.container")


def callback_fault(url: str, hosts: frozenset[str]) -> str | None:
    """Why `url` may not be called back, or None if it may.

    Strict on purpose, since the app itself calls it: a host without a port is allowed on port 443 only, and
    what parsers read differently (blanks, backslashes, user info, other than ASCII) is refused.
    """
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        return "The URL holds characters that do not belong into one. Escape them."
    try:
        parts = urlsplit(url)
        port = parts.port or 443
    except ValueError:
        return "This is no URL."
    if parts.scheme != "https" or not parts.hostname:
        return "The URL must begin with https:// and name a host."
    if "@" in parts.netloc:
        return "The URL must not hold a user name or password."
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    allowed = f"{host}:{port}" in hosts or (port == 443 and host in hosts)
    if allowed:
        return None
    return f"The host {host}:{port} is not among those that may be called back (setting CALLBACK_HOSTS)."
