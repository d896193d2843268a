"""Comparing a reading of a user with what was read or planned before."""

from collections.abc import Iterable
from enum import Enum

from shared.models import Before, HeldLicense, Intent, UserState


class Applied(Enum):
    """Whether a reading shows the effect of a write. A reading may lag behind a recent write."""

    APPLIED = "applied"
    NOT_APPLIED = "notApplied"


def same_as_planned(before: Before, user: UserState) -> bool:
    """Whether the user still is what a dry run's plan saw.

    Compared are the direct and the inherited skuIds, the direct disabled plans (as sets) and the location.
    """
    return (
        _direct(before.licenses) == _direct(user.licenses)
        and _inherited(before.licenses) == _inherited(user.licenses)
        and (before.usage_location or None) == (user.usage_location or None)
    )


def license_applied(intent: Intent, user: UserState) -> Applied:
    """Whether the intent's assignLicense call took effect. It is atomic, so any visible effect is the whole.

    An effect is a fact that the call changes (a direct assignment, a plan switched on or off) and that the
    reading shows as planned. So a reading that equals the base means that it did not take effect, and changes
    that others made meanwhile to the same or to other licences are not mistaken for ours.
    """
    base, shown = _direct(intent.base.licenses), _direct(user.licenses)
    planned: dict[str, frozenset[str] | None] = dict.fromkeys(intent.plan.remove)
    planned.update({added.sku_id: frozenset(added.disabled_plans) for added in intent.plan.add})
    effects = [
        effect
        for sku_id, wanted in planned.items()
        for effect in _effects(base.get(sku_id), wanted, shown.get(sku_id))
    ]
    return Applied.APPLIED if any(effects) or not effects else Applied.NOT_APPLIED


def location_applied(intent: Intent, user: UserState) -> Applied:
    """Whether the intent's location is there; also where it has none to write."""
    change = intent.plan.location
    return Applied.APPLIED if change is None or user.usage_location == change.after else Applied.NOT_APPLIED


def _effects(
    base: frozenset[str] | None, planned: frozenset[str] | None, shown: frozenset[str] | None
) -> list[bool]:
    """Per fact that the call changes: does the reading show it? Sets of disabled plans; None: not direct."""
    if base is None or planned is None:
        return [] if base == planned else [(shown is None) == (planned is None)]
    return [shown is not None and (plan in shown) == (plan in planned) for plan in sorted(base ^ planned)]


def _direct(licenses: Iterable[HeldLicense]) -> dict[str, frozenset[str]]:
    return {held.sku_id: frozenset(held.disabled_plans) for held in licenses if held.direct}


def _inherited(licenses: Iterable[HeldLicense]) -> set[str]:
    return {held.sku_id for held in licenses if held.inherited_from}
