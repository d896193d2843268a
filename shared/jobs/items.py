"""How an item moves from state to state. Pure: the item is changed in place, nothing else happens."""

from collections.abc import Iterable
from datetime import datetime

from shared.models import (
    AddedLicense,
    Before,
    Item,
    ItemError,
    ItemStatus,
    LicensePlan,
    LocationChange,
    UserState,
)


def finish(item: Item, plan: LicensePlan, now: datetime) -> None:
    """The plan is carried out (or, in a dry run, would be). What earlier attempts did stays listed."""
    item.intent = None
    item.next_attempt_at = None
    item.added = _joined(item.added, (*plan.add, *plan.regrants), plan.remove)
    item.removed = tuple(dict.fromkeys((*item.removed, *plan.remove)))
    if plan.location is not None:
        note_location(item, plan.location, now)
    item.warnings = plan.warnings
    item.status = plan.status
    if plan.status is ItemStatus.UNCHANGED and (item.added or item.removed or item.location):
        item.status = ItemStatus.CHANGED
    item.error = plan.error
    item.reason = plan.error.code if plan.error else plan.reason
    item.updated_at = now


def fail(item: Item, error: ItemError, now: datetime) -> None:
    item.status = ItemStatus.FAILED
    item.reason, item.error = error.code, error
    item.next_attempt_at = None
    item.updated_at = now


def retry(item: Item, error: ItemError, at: datetime, now: datetime) -> None:
    """`error` is what stood in the way this time."""
    item.status = ItemStatus.RETRYING
    item.reason, item.error = None, error
    item.next_attempt_at = at
    item.updated_at = now


def take_up_again(item: Item) -> None:
    """In a new run, with all its tries ahead. What earlier runs did stays on record."""
    item.status, item.reason, item.error, item.next_attempt_at = ItemStatus.PENDING, None, None, None
    item.tried_before = item.attempts


def count_at_most(item: Item, tries: int) -> None:
    """Looks at what became of the last write are no further attempts."""
    item.attempts = min(item.attempts, item.tried_before + tries)


def cancel(item: Item, now: datetime) -> None:
    item.status = ItemStatus.CANCELED
    item.reason, item.error, item.next_attempt_at = None, None, None
    item.updated_at = now


def note_location(item: Item, change: LocationChange, now: datetime) -> None:
    """The location is written; `before` stays what it was at first."""
    before = item.location.before if item.location else change.before
    if item.location is None or item.location.after != change.after:
        item.location_at = now
    item.location = LocationChange(before, change.after)


def in_doubt(item: Item) -> bool:
    """Whether its job has yet to find out what became of a write."""
    return item.intent is not None and not item.status.terminal


def units_needed(plan: LicensePlan, base: Before) -> tuple[str, ...]:
    """The SKUs of which the plan takes a unit: those the user does not hold in any way."""
    held = {license_.sku_id for license_ in base.licenses}
    return tuple(added.sku_id for added in plan.add if added.sku_id not in held)


def contradicts(written: Item, user: UserState) -> bool:
    """Whether the reading shows what was before this item's writes, and so may be older than they are.

    A reading that shows neither the state before nor the one after tells of somebody else's change: it counts.
    """
    former = {held.sku_id: held for held in written.before.licenses if held.direct} if written.before else {}
    now = {held.sku_id: held for held in user.licenses if held.direct}
    for added in written.added:
        before, shown = former.get(added.sku_id), now.get(added.sku_id)
        old = before.disabled_plans if before else None
        if old != added.disabled_plans and (shown.disabled_plans if shown else None) == old:
            return True
    if any(sku_id in now for sku_id in written.removed):
        return True
    location = written.location
    return (
        location is not None and location.before != location.after and user.usage_location == location.before
    )


def _joined(
    earlier: tuple[AddedLicense, ...], later: Iterable[AddedLicense], removed: Iterable[str]
) -> tuple[AddedLicense, ...]:
    by_sku = {added.sku_id: added for added in earlier} | {added.sku_id: added for added in later}
    for sku_id in removed:
        by_sku.pop(sku_id, None)
    return tuple(by_sku.values())
