"""What a user holds, asked in the words of the plans: directly, by inheritance, only by inheritance."""

from dataclasses import replace

from shared.models import GrantStep, HeldLicense, LicensePlan, UserState


def held_directly(user: UserState, sku_id: str) -> HeldLicense | None:
    """The licence, if the user has a direct assignment of it (and whatever groups give besides)."""
    held = user.held(sku_id)
    return held if held is not None and held.direct else None


def held_only_by_inheritance(user: UserState, sku_id: str) -> HeldLicense | None:
    held = user.held(sku_id)
    return held if held is not None and not held.direct and held.inherited_from else None


def resulting_state(user: UserState, plan: LicensePlan) -> UserState:
    """The user after every write and grant step of the plan; what a second reading would show."""
    licenses = {held.sku_id: held for held in user.licenses}
    for sku_id in plan.remove:
        held = licenses.pop(sku_id)
        if held.inherited_from:
            licenses[sku_id] = replace(held, direct=False, disabled_plans=(), expires_at=None)
    for added in plan.add:
        held = licenses.get(added.sku_id, HeldLicense(added.sku_id))
        licenses[added.sku_id] = replace(held, direct=True, disabled_plans=added.disabled_plans)
    for change in plan.grants:
        if change.sku_id in licenses:
            expires_at = change.expires_at if change.step in (GrantStep.OPEN, GrantStep.MOVE) else None
            licenses[change.sku_id] = replace(licenses[change.sku_id], expires_at=expires_at)
    location = plan.location.after if plan.location else user.usage_location
    return replace(user, licenses=tuple(licenses.values()), usage_location=location)
