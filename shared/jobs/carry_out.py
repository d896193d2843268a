"""A portion of a chunk: read, plan, record the intent, write, record the result.

Whatever happens between two of these steps, the record tells how to go on:

    no intent                       nothing was sent: plan from a fresh reading
    intent, then silence            something may have been sent: the user's state tells, once reads caught up
    result                          done; the user is not touched again
"""

from collections.abc import Sequence

from shared.errors import GraphError, PassingGraphError
from shared.jobs.decide import decide
from shared.jobs.outcome import finish, retry, unread
from shared.jobs.planned import with_group_names
from shared.jobs.portion import Portion
from shared.jobs.units import with_units
from shared.jobs.write import write
from shared.models import Item, LicensePlan

ROUNDS = 3
"""Times a user is read and planned again in one go after a refusal that shows a change under us."""


def carry_out(portion: Portion, items: Sequence[Item]) -> None:
    """Bring each item to its end, or to a time for the next try. The chunk is saved before and after the writes."""
    for item in items:
        item.attempts += 1
    again: Sequence[Item] = items
    for _ in range(ROUNDS):
        again = _round(portion, again)
        if not again:
            break
    for item in again:
        retry(portion, item, _CHANGING)
    portion.save()


_CHANGING = PassingGraphError("GraphUnavailable", "The user's licenses kept changing while they were read.")


def _round(portion: Portion, items: Sequence[Item]) -> list[Item]:
    """Read, plan and write once; answers the users that changed under us."""
    services = portion.services
    try:
        catalog = services.catalog.get()
    except GraphError as error:
        for item in items:
            unread(portion, item, error, {})
        return []
    states = with_group_names(
        services, portion.job, services.users.read_users([item.user_id for item in items])
    )
    portion.note_readings(states)
    grants = services.ledger.running([item.user_id for item in items])
    todo: list[tuple[Item, LicensePlan]] = []
    for item in items:
        state = states[item.user_id]
        plan = decide(portion, item, state, grants.get(item.user_id, {}), catalog)
        if plan is not None:
            todo.append((item, plan))
    if portion.dry:
        return []
    with with_units(services, portion.job, todo, catalog) as affordable:
        finish(portion, [(item, plan) for item, plan in affordable if not plan.writes])
        writing = [(item, plan) for item, plan in affordable if plan.writes]
        return write(portion, writing, catalog) if writing else []
