"""replace: swap licences in one atomic call, so that no user is ever without."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from shared.models import Catalog, ChangeRequest, Grant, HeldLicense, LicensePlan, LicenseRequest, UserState
from shared.planning import codes
from shared.planning.assign import give_license
from shared.planning.draft import Draft
from shared.planning.holding import held_directly, held_only_by_inheritance
from shared.planning.location import plan_location
from shared.planning.refusals import license_inherited, refused


def plan_replace(
    request: ChangeRequest, user: UserState, grants: Mapping[str, Grant], catalog: Catalog
) -> LicensePlan:
    """Who holds nothing to be replaced gets no licence; a named one that is only inherited stops it all."""
    inherited = _named_but_inherited(request, user)
    if inherited:
        return refused(license_inherited(inherited, user, catalog, nothing_changed=True))
    draft = Draft()
    replaced = _to_be_replaced(request, user)
    for held in replaced:
        draft.take(held.sku_id, grants.get(held.sku_id), codes.REPLACED)
    if replaced:
        for wanted in request.licenses:
            if request.keep_disabled_plans:
                wanted = _with_plans_kept_off(wanted, user, replaced, catalog)
            give_license(draft, wanted, user, grants.get(wanted.sku_id), expires_at=None)
    return draft.settle(user, plan_location(request, user), idle_reason=codes.NOTHING_TO_REPLACE)


def _named_but_inherited(request: ChangeRequest, user: UserState) -> list[HeldLicense]:
    """With "all" nothing is named, and inherited licences simply stay."""
    if request.replaces == "all":
        return []
    candidates = (held_only_by_inheritance(user, sku_id) for sku_id in request.replaces)
    return [held for held in candidates if held]


def _to_be_replaced(request: ChangeRequest, user: UserState) -> list[HeldLicense]:
    """(All direct licences | the named ones held directly) minus the replacements."""
    replacements = {wanted.sku_id for wanted in request.licenses}
    named = [held.sku_id for held in user.licenses] if request.replaces == "all" else request.replaces
    candidates = (held_directly(user, sku_id) for sku_id in named if sku_id not in replacements)
    return [held for held in candidates if held]


def _with_plans_kept_off(
    wanted: LicenseRequest, user: UserState, replaced: Sequence[HeldLicense], catalog: Catalog
) -> LicenseRequest:
    """The replacement with the plans disabled too that every replaced licence that has them had disabled.

    A replacement held directly is kept as it is unless plans are named for it: a service that the user has
    through it today stays on.
    """
    if wanted.disabled_plans is None and held_directly(user, wanted.sku_id):
        return wanted
    sku = catalog.get(wanted.sku_id)
    plan_ids = {plan.service_plan_id for plan in sku.service_plans if plan.assignable} if sku else set()
    kept_off = {plan_id for plan_id in plan_ids if _off_in_all(plan_id, replaced, catalog)}
    return replace(wanted, disabled_plans=tuple(sorted(kept_off.union(wanted.disabled_plans or ()))))


def _off_in_all(plan_id: str, replaced: Sequence[HeldLicense], catalog: Catalog) -> bool:
    """At least one replaced licence has the plan, and each that has it had it disabled."""
    having = [
        held for held in replaced if plan_id in held.disabled_plans or _has_plan(held, plan_id, catalog)
    ]
    return bool(having) and all(plan_id in held.disabled_plans for held in having)


def _has_plan(held: HeldLicense, plan_id: str, catalog: Catalog) -> bool:
    sku = catalog.get(held.sku_id)
    return sku is not None and any(plan.service_plan_id == plan_id for plan in sku.service_plans)
