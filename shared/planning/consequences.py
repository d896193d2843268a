"""What a plan means for its user: the warnings of an item, in one fixed order."""

from collections.abc import Set
from dataclasses import replace
from itertools import combinations

from shared.models import Catalog, HeldLicense, ItemStatus, LicensePlan, UserState
from shared.planning import codes
from shared.planning.holding import held_directly, resulting_state
from shared.planning.service_plans import (
    COMPATIBLE,
    DEPENDENCIES,
    EXCLUSIVE_FAMILIES,
    MAILBOX_PLANS,
    PHONE_PLANS,
)


def with_warnings(plan: LicensePlan, user: UserState, catalog: Catalog) -> LicensePlan:
    """The plan with its consequences before the warnings that it has already."""
    return replace(plan, warnings=(*consequences(plan, user, catalog), *plan.warnings))


def consequences(plan: LicensePlan, user: UserState, catalog: Catalog) -> tuple[str, ...]:
    """The warnings that apply, in the order of this list. A shortage is a matter of the whole job."""
    before = enabled_plans(user, catalog)
    after = enabled_plans(resulting_state(user, plan), catalog)
    touched = plan.status is ItemStatus.CHANGED or plan.writes > 0
    applies = {
        codes.LOSES_MAILBOX: _loses(MAILBOX_PLANS, before, after),
        codes.LOSES_PHONE: _loses(PHONE_PLANS, before, after),
        codes.STILL_INHERITED: _still_inherited(plan, user),
        codes.INHERITED_ONLY: plan.reason in (codes.LICENSE_INHERITED, codes.HELD_BY_INHERITANCE),
        codes.USAGE_LOCATION_MISSING: plan.reason == codes.USAGE_LOCATION_MISSING,
        codes.PLAN_CONFLICT: bool(conflicts(after) - conflicts(before)),
        codes.GUESTS: touched and user.user_type == "Guest",
        codes.DISABLED_ACCOUNTS: touched and not user.account_enabled,
    }
    return tuple(code for code, holds in applies.items() if holds)


def enabled_plans(user: UserState, catalog: Catalog) -> frozenset[str]:
    """servicePlanNames that at least one source, direct or a group, enables.

    Of a SKU that the tenant's catalog does not list nothing is known.
    """
    return frozenset(name for held in user.licenses for name in _enabled_by(held, user, catalog))


def conflicts(enabled: Set[str]) -> frozenset[frozenset[str]]:
    """Pairs of one exclusive family, and (alone) plans whose dependency is missing.

    What stood together before a plan was accepted by Graph, so only new ones are worth a warning.
    """
    pairs = (frozenset(pair) for family in EXCLUSIVE_FAMILIES for pair in combinations(family & enabled, 2))
    exclusive = {pair for pair in pairs if pair not in COMPATIBLE}
    dependent = {
        frozenset({name}) for name, needs in DEPENDENCIES.items() if name in enabled and not needs & enabled
    }
    return frozenset(exclusive | dependent)


def _enabled_by(held: HeldLicense, user: UserState, catalog: Catalog) -> set[str]:
    sku = catalog.get(held.sku_id)
    plans = {plan.service_plan_id: plan.service_plan_name for plan in sku.service_plans} if sku else {}
    enabled: set[str] = set()
    if held.direct:
        enabled |= plans.keys() - set(held.disabled_plans)
    if held.inherited_from:
        enabled |= plans.keys() - set(user.inherited_disabled_plans.get(held.sku_id, ()))
    return {plans[plan_id] for plan_id in enabled}


def _loses(keepers: Set[str], before: Set[str], after: Set[str]) -> bool:
    return bool(keepers & before) and not keepers & after


def _still_inherited(plan: LicensePlan, user: UserState) -> bool:
    removed = (held_directly(user, sku_id) for sku_id in plan.remove)
    return any(held and held.inherited_from for held in removed)
