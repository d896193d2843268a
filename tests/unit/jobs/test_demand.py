"""Units of a job: needed, taken, and still to be taken, from its chunks."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.jobs.demand import demand, pending_units, taken_units
from shared.jobs.records import ChunkTally, JobFacts, JobRecord
from shared.models import Action, Caller, Counts, Demand, JobRequest

A, B = "sku-a", "sku-b"


def tally(**parts: Any) -> ChunkTally:
    empty: dict[str, Any] = {
        "index": 0,
        "run": 0,
        "counts": Counts(),
        "warnings": {},
        "givers": [],
        "needed": {},
        "waiting": {},
        "taken": {},
        "adds": 0,
        "undoable": 0,
        "unknown": 0,
        "retry_at": None,
        "updated_at": None,
    }
    return ChunkTally(**(empty | parts))


def job(action: Action = Action.ASSIGN, **fields: Any) -> JobRecord:
    facts = JobFacts(JobRequest(action), datetime(2026, 11, 24, tzinfo=UTC), Caller("", "user", ""), "token")
    return JobRecord("job", facts, **fields)


@pytest.mark.parametrize(
    ("tallies", "run", "pending"),
    [
        pytest.param([], 0, {}, id="no chunk"),
        pytest.param(
            [tally(needed={A: 5}, taken={A: 2}, waiting={A: 1})], 0, {A: 1}, id="what failed takes nothing"
        ),
        pytest.param(
            [tally(needed={A: 5}, taken={A: 2}, waiting={A: 1})], 1, {A: 3}, id="unless it is started again"
        ),
        pytest.param(
            [tally(needed={A: 5}, waiting={A: 5}), tally(needed={A: 1, B: 2}, waiting={A: 1, B: 2})],
            0,
            {A: 6, B: 2},
            id="all chunks together",
        ),
        pytest.param(
            [tally(run=1, needed={A: 5}, taken={A: 4}, waiting={}), tally(needed={A: 3}, taken={A: 1})],
            1,
            {A: 2},
            id="one chunk of this run, one of the run before",
        ),
    ],
)
def test_pending_units(tallies: list[ChunkTally], run: int, pending: dict[str, int]) -> None:
    assert dict(pending_units(tallies, run)) == pending


def test_taken_units() -> None:
    assert taken_units([tally(taken={A: 2}), tally(taken={A: 1, B: 4})]) == Counter({A: 3, B: 4})


def test_a_demand_is_known_once_every_group_is_read() -> None:
    tallies = [tally(needed={A: 3})]
    assert demand(job(available={A: 5}), tallies) == ()
    assert demand(job(available={A: 5}, expanded=True), tallies) == (Demand(A, 3, 5),)


def test_a_licence_that_nobody_needs_stands_in_the_demand_of_an_assign_but_not_of_an_undo() -> None:
    tallies = [tally(needed={B: 7})]
    units = {A: 5, B: 2}
    assert demand(job(available=units, expanded=True), tallies) == (Demand(A, 0, 5), Demand(B, 7, 2))
    (line,) = demand(job(Action.UNDO, available=units, expanded=True), tallies)
    assert (line, line.shortage) == (Demand(B, 7, 2), 5)
