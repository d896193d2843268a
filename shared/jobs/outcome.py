"""How a try at an item ended: done, failed, or to be tried again."""

from datetime import timedelta

from shared.errors import START_AGAIN, TRIED_AGAIN, GraphError, PassingGraphError
from shared.graph.refusals import explain
from shared.jobs import items as rules
from shared.jobs.portion import Portion
from shared.models import Catalog, Item, ItemError, LicensePlan

LAST_LOOKS = 3
"""Tries, after the last one whose answer was lost, to find out what it did."""


def finish(portion: Portion, done: list[tuple[Item, LicensePlan]]) -> None:
    """The ledger first: a result on record means that its grants are too."""
    moved = [(item, plan) for item, plan in done if plan.grants]
    if moved:
        portion.services.ledger.carry_out(portion.job, moved)
    for item, plan in done:
        rules.finish(item, plan, portion.services.clock())


def retry(portion: Portion, item: Item, error: PassingGraphError) -> None:
    """To be tried again later, or failed with what stands in the way after the last try. An item whose last write
    may have been carried out is looked at once more first.
    """
    now, settings = portion.services.clock(), portion.services.settings
    at = settings.retry.next_attempt(
        item.tries, now, retry_after=error.retry_after, random=portion.services.random
    )
    if at is None and item.intent is not None and item.tries < settings.retry.max_attempts + LAST_LOOKS:
        at = now + timedelta(seconds=max(settings.read_delay_seconds, settings.retry.delay_seconds))
    if at is None:
        rules.count_at_most(item, settings.retry.max_attempts)
        rules.fail(item, _told(error, START_AGAIN), now)
    else:
        rules.retry(item, _told(error, TRIED_AGAIN), at, now)


def _told(error: PassingGraphError, what_next: str) -> ItemError:
    return ItemError(error.code, f"{error.message} {what_next}", error.graph_request_id)


def fail(portion: Portion, item: Item, error: ItemError) -> None:
    """An intent that is still open stays on record: a start finds out first what became of it."""
    rules.fail(item, error, portion.services.clock())


def unread(portion: Portion, item: Item, error: GraphError, catalog: Catalog) -> None:
    """The user, or what must be known to plan, could not be read."""
    if isinstance(error, PassingGraphError):
        retry(portion, item, error)
    else:
        fail(portion, item, explain(error, catalog))
