"""assign: give licences, for good or until a date, to who does not hold them."""

from collections.abc import Mapping
from datetime import datetime

from shared.models import ChangeRequest, Grant, GrantStep, LicensePlan, LicenseRequest, UserState
from shared.planning import codes
from shared.planning.draft import Draft
from shared.planning.holding import held_directly, held_only_by_inheritance
from shared.planning.location import plan_location
from shared.planning.refusals import expiry_passed, refused


def plan_assign(
    request: ChangeRequest, user: UserState, grants: Mapping[str, Grant], now: datetime
) -> LicensePlan:
    """What assigning means for one user. `request.expires_at` None assigns for good."""
    draft = Draft()
    for wanted in request.licenses:
        give_license(draft, wanted, user, grants.get(wanted.sku_id), request.expires_at)
    if request.expires_at and request.expires_at <= now and _starts_or_moves_a_grant(draft):
        return refused(expiry_passed(request.expires_at))
    return draft.settle(user, plan_location(request, user), idle_reason=_idle_reason(request, user))


def give_license(
    draft: Draft, wanted: LicenseRequest, user: UserState, grant: Grant | None, expires_at: datetime | None
) -> None:
    """One licence to be held, as assign and replace understand it.

    Not held: given. Only by inheritance: nothing to do, even where plans are named. Directly: the user's own
    disabled plans stay unless some are named; a running grant gets the later expiry, or is made permanent; a
    licence without a running grant was held before, and no expiry is recorded for it.
    """
    direct = held_directly(user, wanted.sku_id)
    if direct is None:
        draft.close(wanted.sku_id, grant, codes.ALREADY_GONE)
        if held_only_by_inheritance(user, wanted.sku_id) is None:
            draft.give(wanted.sku_id, wanted.disabled_plans or (), expires_at)
        return
    own_plans = direct.disabled_plans
    draft.keep(
        wanted.sku_id,
        held_plans=own_plans,
        wanted_plans=own_plans if wanted.disabled_plans is None else wanted.disabled_plans,
        grant=grant,
        expires_at=max(grant.expires_at, expires_at) if grant and expires_at else None,
    )


def _starts_or_moves_a_grant(draft: Draft) -> bool:
    return any(change.step in (GrantStep.OPEN, GrantStep.MOVE) for change in draft.grants)


def _idle_reason(request: ChangeRequest, user: UserState) -> str:
    """Why nothing is to do: every licence only inherited, or at least one held directly."""
    inherited = all(held_only_by_inheritance(user, wanted.sku_id) for wanted in request.licenses)
    return codes.HELD_BY_INHERITANCE if inherited else codes.ALREADY_HELD
