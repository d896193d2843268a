"""What assignLicense decides: refusals in the service's order, or the new assignments.

Nothing here changes the tenant. A call is all or nothing: either every part of it can be done, or one refusal.
"""

import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from local.graph.catalog import load_catalog
from local.graph.countries import COUNTRY_CODES
from local.graph.messages import GraphError, Refusal
from local.graph.model import Assignment, Group, Licenses, Sku, User, skus_held
from local.graph.state import Tenant

_GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.ASCII)


class LicenseChange(NamedTuple):
    """A checked request body: SKUs to add with their disabled plans, and SKUs to remove."""

    add: dict[str, tuple[str, ...]]
    remove: tuple[str, ...]


class Conflict(NamedTuple):
    """Plans that cannot be together, or a plan without what it needs; `plans` in message order."""

    kind: str
    plans: tuple[str, ...]

    def refusal(self) -> GraphError:
        if self.kind == "MutuallyExclusiveViolation":
            return GraphError(Refusal.EXCLUSIVE, *self.plans)
        return GraphError(Refusal.DEPENDENCY, self.plans[0], ", ".join(self.plans[1:]))


def read_change(body: Any, tenant: Tenant) -> LicenseChange:
    """Check a request body up to the point where the user matters."""
    if not isinstance(body, dict):
        raise GraphError(Refusal.UNREADABLE_JSON)
    missing = [name for name in ("addLicenses", "removeLicenses") if not isinstance(body.get(name), list)]
    if missing:
        raise GraphError(Refusal.PARAMETERS_MISSING, "assignLicense", ", ".join(missing))
    if not body["addLicenses"] and not body["removeLicenses"]:
        raise GraphError(Refusal.NO_CHANGES)
    added = [_read_addition(item) for item in body["addLicenses"]]
    removed = [_guid(item) for item in body["removeLicenses"]]
    _refuse_repeats([sku_id for sku_id, _ in added], removed)
    for sku_id in (*(sku_id for sku_id, _ in added), *removed):
        if sku_id not in tenant.skus:
            raise GraphError(Refusal.UNKNOWN_LICENSE, sku_id)
    return LicenseChange(dict(added), tuple(removed))


def _read_addition(item: Any) -> tuple[str, tuple[str, ...]]:
    if not isinstance(item, dict) or not isinstance(item.get("disabledPlans", []), list):
        raise GraphError(Refusal.UNREADABLE_JSON)
    plans = item.get("disabledPlans", [])
    return _guid(item.get("skuId")), tuple(dict.fromkeys(_guid(plan) for plan in plans)) if plans else ()


def _guid(value: Any) -> str:
    if isinstance(value, str) and _GUID.fullmatch(value):
        return value
    if isinstance(value, str) and _GUID.fullmatch(value.lower()):
        return value.lower()
    raise GraphError(Refusal.NOT_A_GUID)


def _refuse_repeats(added: list[str], removed: list[str]) -> None:
    for sku_ids in (added, removed):
        if len(set(sku_ids)) < len(sku_ids):
            raise GraphError(Refusal.LICENSE_TWICE, next(s for s in sku_ids if sku_ids.count(s) > 1))
    for sku_id in added:
        if sku_id in removed:
            raise GraphError(Refusal.ADDED_AND_REMOVED, sku_id)


def decide(tenant: Tenant, user: User, change: LicenseChange, now: float, updated: str) -> Licenses:
    """The user's assignments after the change; raises GraphError with the first thing in its way."""
    before = user.licenses
    _check_removals(before, change.remove)
    if change.add:
        if not is_location(user.location_for_assignment(now)):
            raise GraphError(Refusal.INVALID_LOCATION)
        for sku_id, plans in change.add.items():
            check_addition(tenant.skus[sku_id], plans)
        _check_units(tenant, before, change.add)
    after = _changed(before, change, updated)
    if any(tenant.skus[sku_id].ruled_plans for sku_id in (*change.add, *change.remove)):
        known = set(conflicts(tenant, before))
        for conflict in conflicts(tenant, after):
            if conflict not in known:
                raise conflict.refusal()
    return after


def _check_removals(held: Licenses, removals: tuple[str, ...]) -> None:
    for sku_id in removals:
        sources = [item.group_id for item in held if item.sku_id == sku_id]
        if None not in sources:
            raise GraphError(Refusal.INHERITED if sources else Refusal.NOT_HELD)


def is_location(location: str | None) -> bool:
    """Whether a value is a usageLocation: an ISO 3166 code of two capital letters."""
    return location in COUNTRY_CODES


def check_addition(sku: Sku, disabled: tuple[str, ...]) -> None:
    """Refuse a SKU that no user can hold and plans that are not in it."""
    if sku.applies_to != "User":
        raise GraphError(Refusal.NOT_ASSIGNABLE, sku.sku_id)
    for plan in disabled:
        if plan not in sku.plan_ids:
            raise GraphError(Refusal.PLAN_NOT_IN_LICENSE, plan, sku.sku_id)


def _check_units(tenant: Tenant, held: Licenses, additions: Iterable[str]) -> None:
    """Each added SKU that the user holds from no source needs a free unit."""
    already = skus_held(held)
    for sku_id in additions:
        if sku_id not in already and tenant.skus[sku_id].free_units < 1:
            raise GraphError(Refusal.NO_UNITS, sku_id)


def _changed(before: Licenses, change: LicenseChange, updated: str) -> Licenses:
    """Direct assignments exchanged; one that stays exactly as it is keeps its time."""
    after: list[Assignment] = []
    added = dict(change.add)
    for item in before:
        if item.group_id is not None or item.sku_id not in (*change.add, *change.remove):
            after.append(item)
        elif item.sku_id in added:
            plans = added.pop(item.sku_id)
            same = set(plans) == set(item.disabled)
            after.append(item if same else item._replace(disabled=plans, updated=updated))
    after.extend(
        Assignment(sku_id, None, plans, "Active", "None", updated) for sku_id, plans in added.items()
    )
    return tuple(after)


def conflicts(tenant: Tenant, licenses: Licenses) -> list[Conflict]:
    """Exclusive pairs and unmet needs among the plans that these assignments switch on."""
    enabled: dict[str, None] = {}
    for item in licenses:
        sku = tenant.skus.get(item.sku_id)
        if sku and item.counts:
            enabled.update((plan, None) for plan in sku.ruled_plans if plan not in item.disabled)
    catalog = load_catalog()
    plans = sorted(enabled)
    found = [
        Conflict("MutuallyExclusiveViolation", (a, b))
        for place, a in enumerate(plans)
        for b in plans[place + 1 :]
        if (a, b) in catalog.exclusive
    ]
    for plan in plans:
        needed = catalog.needs.get(plan, ())
        if needed and not any(other in enabled for other in needed):
            found.append(Conflict("DependencyViolation", (plan, *needed)))
    return found


# -- group-based assignment


def inherit(tenant: Tenant, user: User, groups: Iterable[Group], updated: str) -> Licenses:
    """The user's assignments with those from `groups` worked out anew, each group all or nothing.

    A user without a location counts as being at the organisation's default; the user's own value stays.
    Source: Microsoft Entra, "Advanced group licensing scenarios".
    """
    result: Licenses = tuple(item for item in user.licenses if item.group_id is None)
    known: dict[tuple[str, str | None], Assignment] = {
        (item.sku_id, item.group_id): item for item in user.licenses if item.group_id is not None
    }
    for group in groups:
        wanted = tuple(
            Assignment(sku_id, group.id, plans, "Active", "None", updated)
            for sku_id, plans in group.assigned.items()
        )
        failing = _group_failures(tenant, user, result, wanted)
        if failing:
            wanted = tuple(
                item._replace(state="Error", error=failing.get(item.sku_id, "Other")) for item in wanted
            )
        result += tuple(_keep_time(item, known.get((item.sku_id, item.group_id))) for item in wanted)
    return result


def _keep_time(item: Assignment, before: Assignment | None) -> Assignment:
    return before if before and before._replace(updated=item.updated) == item else item


def _group_failures(tenant: Tenant, user: User, held: Licenses, wanted: Licenses) -> dict[str, str]:
    """The SKUs of a group that this user cannot get, with the licenceAssignmentStates error of each."""
    if not is_location(user.usage_location or tenant.default_usage_location):
        return {item.sku_id: "ProhibitedInUsageLocationViolation" for item in wanted}
    already = skus_held((*held, *user.licenses))
    failing = {
        item.sku_id: "CountViolation"
        for item in wanted
        if item.sku_id not in already and tenant.skus[item.sku_id].free_units < 1
    }
    before = set(conflicts(tenant, held))
    for conflict in conflicts(tenant, held + wanted):
        if conflict not in before:
            for item in wanted:
                if set(conflict.plans) & tenant.skus[item.sku_id].plan_ids:
                    failing.setdefault(item.sku_id, conflict.kind)
    return failing
