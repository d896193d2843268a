"""undo: give back what an item's record says was held before, for what the item changed and nothing else."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from shared.models import (
    Action,
    AddedLicense,
    Catalog,
    Grant,
    HeldLicense,
    Item,
    LicensePlan,
    LocationChange,
    UserState,
)
from shared.planning import codes
from shared.planning.consequences import with_warnings
from shared.planning.draft import Draft
from shared.planning.holding import held_directly

_NOTES = (codes.CHANGED_SINCE, codes.EXPIRY_PASSED, codes.LOCATION_KEPT)
"""What an undo may leave alone, the most telling first: the first is the item's reason, all are warnings."""


def plan_undo(
    item: Item, user: UserState, grants: Mapping[str, Grant], catalog: Catalog, now: datetime, action: Action
) -> LicensePlan:
    """The plan that undoes `item`, an item of a job of kind `action`, whatever the item's status.

    What is left alone stands in `reason` and `warnings`, also where the rest of the item is undone.
    """
    draft = Draft()
    notes: set[str | None] = set()
    former = {held.sku_id: held for held in item.before.licenses if held.direct} if item.before else {}
    for left in item.added:
        notes.add(_undo_added(draft, left, former.get(left.sku_id), user, grants.get(left.sku_id)))
    for sku_id in item.removed:
        if sku_id in former:
            comes_back = (
                replace(former[sku_id], expires_at=None) if action is Action.EXPIRE else former[sku_id]
            )
            notes.add(_undo_removed(draft, comes_back, user, grants.get(sku_id), now))
    location, location_note = _undo_location(item.location, user)
    notes.add(location_note)
    warnings = tuple(note for note in _NOTES if note in notes)
    plan = draft.settle(user, location, idle_reason=None if location else codes.NOTHING_TO_UNDO)
    if plan.error is None:
        plan = replace(plan, reason=warnings[0] if warnings else plan.reason, warnings=warnings)
    return with_warnings(plan, user, catalog)


def _undo_added(
    draft: Draft, left: AddedLicense, former: HeldLicense | None, user: UserState, grant: Grant | None
) -> str | None:
    """Take what was not held directly before; otherwise put the former disabled plans and expiry back.

    Left alone is an assignment with other plans than the job left, one that was made permanent since, and a
    temporary one where the job left it for good: no undo takes a licence that somebody decided the user keeps, nor
    one that another job gave, nor puts an expiry on it.
    """
    direct = held_directly(user, left.sku_id)
    if direct is None or set(direct.disabled_plans) != set(left.disabled_plans):
        return codes.CHANGED_SINCE
    if former is None:
        if (left.expires_at is None) != (grant is None):
            return codes.CHANGED_SINCE
        draft.take(left.sku_id, grant, codes.UNDONE)
        return None
    if left.expires_at != (grant.expires_at if grant else None):
        return codes.CHANGED_SINCE
    draft.keep(
        left.sku_id,
        held_plans=direct.disabled_plans,
        wanted_plans=former.disabled_plans,
        grant=grant,
        expires_at=former.expires_at,
    )
    return None


def _undo_removed(
    draft: Draft, former: HeldLicense, user: UserState, grant: Grant | None, now: datetime
) -> str | None:
    """Assign what was taken, with its disabled plans and its expiry; not at all if that has passed."""
    if held_directly(user, former.sku_id):
        return codes.CHANGED_SINCE
    if former.expires_at is not None and former.expires_at <= now:
        return codes.EXPIRY_PASSED
    draft.close(former.sku_id, grant, codes.ALREADY_GONE)
    draft.give(former.sku_id, former.disabled_plans, former.expires_at)
    return None


def _undo_location(done: LocationChange | None, user: UserState) -> tuple[LocationChange | None, str | None]:
    """The way back and, where there is none, why."""
    if done is None:
        return None, None
    if user.usage_location != done.after:
        return None, codes.CHANGED_SINCE
    if not done.before:
        return None, codes.LOCATION_KEPT
    return LocationChange(before=done.after, after=done.before), None
