"""What to do with a user, from a reading of its state and from what the record says was begun."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from shared.errors import START_AGAIN, TRIED_AGAIN, GraphError
from shared.jobs import items as rules
from shared.jobs.outcome import fail, finish, unread
from shared.jobs.planned import givers, plan_item
from shared.jobs.portion import Portion
from shared.models import (
    Action,
    Before,
    Catalog,
    Grant,
    GrantStep,
    Intent,
    Item,
    ItemStatus,
    LicensePlan,
    UserState,
)
from shared.planning import Applied, codes, license_applied, location_applied

AFTER_DOUBT = timedelta(seconds=2)


def decide(
    portion: Portion, item: Item, state: UserState | GraphError, grants: Mapping[str, Grant], catalog: Catalog
) -> LicensePlan | None:
    """The plan to carry out; None if the item came to its end or has to wait."""
    now = portion.services.clock()
    if isinstance(state, GraphError) and not _is_gone(portion, state):
        unread(portion, item, state, catalog)
        return None
    user = None if isinstance(state, GraphError) else state.with_expiries(grants)
    if user is not None and _too_early(portion, item, user, now):
        return None
    if item.intent is not None:
        opened = {change.sku_id for change in item.intent.plan.grants if change.step is GrantStep.OPEN}
        if not _resolved(portion, item, user) or _used_up(portion, item):
            return None
        grants = {sku_id: grant for sku_id, grant in grants.items() if sku_id not in opened}
    if portion.stopping:
        rules.cancel(item, now)
        return None
    base = Before(user.licenses, user.usage_location) if user else Before((), None)
    item.before = item.before or base
    plan = plan_item(portion.services, portion.job, item, user, grants, catalog, portion.sources())
    item.needs = rules.units_needed(plan, base)
    item.givers = (
        tuple(user.group_names.get(group_id, group_id) for group_id in givers(portion.job, user))
        if user and codes.INHERITED_ONLY in plan.warnings
        else ()
    )
    if portion.dry:
        rules.finish(item, plan, now)
        return None
    item.intent = Intent(plan, base) if plan.writes else None
    return plan


def _is_gone(portion: Portion, error: GraphError) -> bool:
    """A sweep closes the grants of a user that was deleted; for every other job that is a failure."""
    return error.code == "UserNotFound" and portion.job.request.action is Action.EXPIRE


def _too_early(portion: Portion, item: Item, user: UserState, now: datetime) -> bool:
    """Whether the reading may still show what was before a write of ours; it counts once reads caught up."""
    if item.intent is not None:
        return False
    times = [
        at for other in portion.written_lately(item) if (at := _wait_for(portion, other, user, now)) > now
    ]
    if not times:
        return False
    item.status, item.next_attempt_at = ItemStatus.RETRYING, max(times)
    item.attempts -= 1
    return True


def _wait_for(portion: Portion, written: Item, user: UserState, now: datetime) -> datetime:
    """Until when the reading does not count because of this item's writes; `now` or earlier if it does.

    Nobody touches a user while the outcome of another job's write to it is open: neither job could tell afterwards
    which of the two did what.
    """
    delay = timedelta(seconds=portion.services.settings.read_delay_seconds)
    if rules.in_doubt(written):
        return max(now, written.next_attempt_at or now) + AFTER_DOUBT
    if written.intent is not None and written.intent.doubted_at is not None:  # given up without an answer
        return written.intent.doubted_at + delay
    if written.updated_at is None or not rules.contradicts(written, user):
        return now
    return written.updated_at + delay


def _resolved(portion: Portion, item: Item, user: UserState | None) -> bool:
    """Find out what became of a write whose answer is not known. True: it did nothing, plan anew."""
    intent, now = item.intent, portion.services.clock()
    if intent is None or user is None:
        return True
    located = location_applied(intent, user) is Applied.APPLIED
    if located and intent.plan.location:
        rules.note_location(item, intent.plan.location, now)
    if (license_applied(intent, user) is Applied.APPLIED) if intent.plan.writes_license else located:
        rules.count_at_most(item, portion.services.settings.retry.max_attempts)
        finish(portion, [(item, intent.plan)])
        return False
    if intent.doubted_at is None:
        item.intent = intent = replace(intent, doubted_at=now)
    delay = timedelta(seconds=portion.services.settings.read_delay_seconds)
    if intent.doubted_at is not None and now < intent.doubted_at + delay:
        item.status, item.next_attempt_at = ItemStatus.RETRYING, intent.doubted_at + delay
        item.attempts -= 1
        return False
    portion.services.ledger.not_assigned(portion.job, [(item, intent.plan)])
    item.intent = None
    return True


def _used_up(portion: Portion, item: Item) -> bool:
    """Whether the write that came to nothing was the last one: then the item fails with what stood in its way."""
    most = portion.services.settings.retry.max_attempts
    if item.error is None or item.tries <= most:
        return False
    rules.count_at_most(item, most)
    what_happened = item.error.message.removesuffix(TRIED_AGAIN)
    fail(portion, item, replace(item.error, message=f"{what_happened}{START_AGAIN}"))
    return True
