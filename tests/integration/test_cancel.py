"""Canceling a job that nothing looks after any more."""

from __future__ import annotations

from datetime import timedelta

from shared.app import App
from shared.config import load_settings
from shared.jobs.accept import accept
from shared.jobs.control import cancel
from shared.jobs.records import JobFacts, JobRecord, Phase
from shared.models import Action, Caller, JobRequest
from tests.integration.ledger.builders import NOW, SetClock
from tests.support.azurite import Azurite

JOB = "21111111-2222-4333-8444-555555555555"


def test_a_canceled_job_is_looked_after_although_its_row_was_lost(azurite: Azurite) -> None:
    """As where the table `work` was not restored with the others: its messages may be lost as well."""
    clock = SetClock(NOW)
    app = App(load_settings({"AzureWebJobsStorage": azurite.connection_string}), clock)
    app.storage.ensure()
    ann = Caller("Ann", "user", "user|ann")
    facts = JobFacts(JobRequest(Action.ASSIGN), NOW, ann, "token")
    accept(app.services, JobRecord(JOB, facts, phase=Phase.RUNNING))
    clock.advance(timedelta(minutes=5))
    for due in app.services.work.due(500):
        app.services.work.clear_due(due)

    cancel(app.services, JOB, ann)

    clock.advance(timedelta(minutes=5))
    assert JOB in {due.job_id for due in app.services.work.due(500)}
