"""Events as values: ids, cards, which licence is in which digest."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from shared.events import notices
from shared.events.event import (
    MOST_NAMED,
    NamedLicense,
    event_json,
    first_and_total,
    job_finished,
    licenses_expired,
    licenses_expiring,
)
from shared.events.teams import MOST_LINES, card_message
from shared.jobs.records import JobFacts, JobRecord
from shared.jobs.view import assemble
from shared.models import Action, Caller, JobRequest

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
FACTS = JobFacts(JobRequest(Action.ASSIGN), NOW, Caller("megan", "user", "user|megan"), "token")


def named(count: int, name: str = "Adele") -> list[NamedLicense]:
    expires_at = NOW + timedelta(days=7)
    return [NamedLicense(f"u{n}@contoso.com", name, "sku", "Visio", expires_at, 7) for n in range(count)]


def test_an_id_follows_from_the_job_and_its_run() -> None:
    ids = []
    for run in (0, 0, 1):
        job = JobRecord("7c9e6679-7425-40de-944b-e07fc1f90ae7", FACTS, run=run)
        ids.append(job_finished(job, assemble(job, {}, [])).event_id)
    assert ids[0] == ids[1] != ids[2]


def test_an_event_names_the_first_and_counts_all() -> None:
    event = licenses_expiring(NOW.date(), NOW, named(80), 80)
    shown = event_json(event, "https://licenses.contoso.com/")
    assert (len(shown["data"]["licenses"]), shown["data"]["total"]) == (MOST_NAMED, 80)
    assert shown["data"]["portalUrl"] == "https://licenses.contoso.com/portal/#/temporary"
    assert event.event_id == licenses_expiring(NOW.date(), NOW + timedelta(hours=1), named(2), 2).event_id


def test_a_card_of_a_sweep_counts_all_that_was_taken() -> None:
    facts = replace(FACTS, request=JobRequest(Action.EXPIRE))
    job = JobRecord("7c9e6679-7425-40de-944b-e07fc1f90ae7", facts)
    event = licenses_expired(job, assemble(job, {}, []), *first_and_total(iter(named(300))))
    shown = event_json(event, "https://licenses.contoso.com/")
    assert (len(shown["data"]["licenses"]), shown["data"]["total"]) == (MOST_NAMED, 300)
    body = card_message(shown)["attachments"][0]["content"]["body"]
    assert body[-1]["text"] == f"and {300 - MOST_LINES} more"


def test_a_card_stays_small_and_takes_no_markdown_from_names() -> None:
    event = licenses_expiring(NOW.date(), NOW, named(60, name="[x](https://evil.example) " * 200), 1000)
    message = card_message(event_json(event, "https://licenses.contoso.com"))
    assert len(json.dumps(message).encode()) < 28_000
    texts = [
        part["text"] for part in message["attachments"][0]["content"]["body"] if part["type"] == "TextBlock"
    ]
    assert texts[-1] == f"and {1000 - MOST_LINES} more"
    assert all(r"\[x\]\(https" in text for text in texts[1:-1])


@pytest.mark.parametrize(
    ("days_to_go", "last", "expected"),
    [
        (14, 1, True),  # noticed a fortnight before
        (13, 1, False),  # that was yesterday
        (13, 2, True),  # yesterday was missed
        (7, 1, True),
        (1, 1, True),
        (0, 1, False),
        (15, 1, False),
        (9, None, True),  # the first digest names all within the longest time
        (0, None, True),
        (15, None, False),
    ],
)
def test_which_day_a_licence_is_in_the_digest(days_to_go: int, last: int | None, expected: bool) -> None:
    today = date(2026, 11, 24)
    before = today - timedelta(days=last) if last is not None else None
    assert notices._enters(today + timedelta(days=days_to_go), (14, 7, 1), today, before) is expected
