"""What the ledger costs in storage requests, with few grants and with thousands."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from shared.ledger import Ledger
from shared.models import Item
from shared.storage.grant_store import FEW_USERS
from tests.integration.ledger.builders import (
    NOW,
    PAST,
    SOON,
    VISIO,
    expires,
    give,
    item,
    items,
    job,
    moves,
    opens,
    plan,
    sweep_job,
)
from tests.integration.ledger.conftest import CountedStorage

MANY = 2000
PORTION = 200
GIVING = 3
"""Rows of a new or changed grant."""
ENDING = 4
"""Rows that an end touches."""


def portions(users: Sequence[Item]) -> Iterator[Sequence[Item]]:
    for start in range(0, len(users), PORTION):
        yield users[start : start + PORTION]


def transactions(rows_a_grant: int) -> int:
    """Of a portion: as many whole grants as a hundred operations hold."""
    return math.ceil(PORTION / (100 // rows_a_grant))


def counted(storage: CountedStorage) -> int:
    """Requests since the last count."""
    total = storage.sent.total()
    storage.sent.clear()
    return total


def test_without_any_grant(ledger: Ledger, storage: CountedStorage) -> None:
    users = [one.user_id for one in items(PORTION)]

    assert ledger.running(users) == {user: {} for user in users}
    assert counted(storage) == 1


def test_nothing_to_say_costs_nothing(ledger: Ledger, storage: CountedStorage) -> None:
    ledger.prepare(job(), [])
    ledger.prepare(job(), [(item(), plan(moves(SOON)))])
    ledger.carry_out(job(), [(item(), plan())])
    ledger.not_assigned(job(), [(item(), plan(moves(SOON)))])

    assert counted(storage) == 0


def test_a_temporary_assignment_and_its_sweep_of_thousands(ledger: Ledger, storage: CountedStorage) -> None:
    users = items(MANY)
    chunks = list(portions(users))

    for chunk in chunks:
        give(ledger, chunk, opens(PAST))
    # prepare reads and writes, carry_out reads and finds everything there
    assert counted(storage) == len(chunks) * (1 + transactions(GIVING) + 1)

    assert sum(len(ledger.running([one.user_id for one in chunk])[chunk[0].user_id]) for chunk in chunks)
    assert counted(storage) == len(chunks)

    assert ledger.count_due(NOW) == MANY
    assert {user.user_id for user in ledger.users_due(NOW)} == {one.user_id for one in users}
    pages = MANY // 1000
    assert 2 * pages <= counted(storage) <= 2 * (pages + 1)

    spread = [one.user_id for one in users[:: MANY // (FEW_USERS - 1)]][:FEW_USERS]
    found = ledger.running(spread)
    assert all(found[user][VISIO].expires_at == PAST for user in spread)
    assert counted(storage) <= 1 + FEW_USERS

    everybody = [one.user_id for one in users]
    assert sum(len(grants) for grants in ledger.running(everybody).values()) == MANY
    assert counted(storage) <= pages + 2  # a page may end amid a user, who is read again with the next

    for chunk in chunks:
        entries = [(one, plan(expires())) for one in chunk]
        assert ledger.prepare(sweep_job(), entries) == set()
        ledger.carry_out(sweep_job(), entries)
    assert counted(storage) == len(chunks) * (2 + transactions(GIVING) + transactions(ENDING))
    assert ledger.count_due(NOW) == 0
    assert ledger.find()[0] == []


def test_one_user_among_thousands(ledger: Ledger, storage: CountedStorage) -> None:
    """And one who has nothing, between those who have."""
    users = items(300)
    give(ledger, users[:100])
    give(ledger, users[101:], opens(SOON))
    storage.sent.clear()

    assert set(ledger.running([users[99].user_id])[users[99].user_id]) == {VISIO}
    assert ledger.running([users[100].user_id]) == {users[100].user_id: {}}
    assert counted(storage) == 2
