"""From when on JOB_RETENTION_DAYS counts for a job."""

from __future__ import annotations

from datetime import timedelta

from shared.app import App
from shared.config import load_settings
from shared.jobs import retention, settle
from shared.jobs.accept import accept
from shared.jobs.records import JobFacts, JobRecord
from shared.models import Action, Caller, JobRequest, JobStatus
from tests.integration.ledger.builders import NOW, SetClock
from tests.support.azurite import Azurite

JOB = "31111111-2222-4333-8444-555555555555"


def test_a_job_is_kept_from_its_end_and_not_from_its_creation(azurite: Azurite) -> None:
    """As where it was to start later, was started again, or was a sweep that waited for a person."""
    clock = SetClock(NOW)
    env = {"AzureWebJobsStorage": azurite.connection_string, "JOB_RETENTION_DAYS": "90"}
    app = App(load_settings(env), clock)
    app.storage.ensure()
    facts = JobFacts(
        JobRequest(Action.ASSIGN, start_at=NOW + timedelta(days=100)),
        NOW,
        Caller("Ann", "user", "user|ann"),
        "token",
    )
    job = JobRecord(JOB, facts)
    accept(app.services, job)
    clock.advance(timedelta(days=100))
    settle.end(app.services, job, (JobStatus.FINISHED, None))

    clock.advance(timedelta(days=89))
    retention.clean_up(app.services, app.storage, app.audit, app.support)
    assert app.services.jobs.get(JOB) is not None
    assert [entry.job_id for entry in app.services.index.newest_first()] == [JOB]

    clock.advance(timedelta(days=2))
    retention.clean_up(app.services, app.storage, app.audit, app.support)
    assert app.services.jobs.get(JOB) is None
    assert list(app.services.index.newest_first()) == []
