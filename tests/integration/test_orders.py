"""Who started and who canceled a job is in the audit, although the process that was told so died before it wrote it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from azure.functions.http import HttpRequest

from bench.pump import Pump, identity
from handlers.endpoint import EndpointSettings, endpoint
from handlers.http_jobs import JobHandlers
from shared.app import App
from shared.config import load_settings
from shared.jobs import control, watch
from shared.jobs.accept import accept
from shared.jobs.records import JobFacts, JobRecord, Phase
from shared.models import Action, Caller, JobRequest, JobStatus
from tests.integration.ledger.builders import NOW, SetClock
from tests.support.azurite import Azurite
from tests.support.graph import GraphSimulator
from tests.support.principals import MANAGER

JOB = "61111111-2222-4333-8444-555555555555"
ANN, BOB = (Caller(name, "user", f"user|{name}") for name in ("Ann", "Bob"))
NO_GRAPH = "http://127.0.0.1:1"


@pytest.fixture
def clock() -> SetClock:
    return SetClock(NOW)


@pytest.fixture
def app(azurite: Azurite, clock: SetClock) -> App:
    app = App(load_settings({"AzureWebJobsStorage": azurite.connection_string}), clock)
    app.storage.ensure()
    return app


def put_on_record(app: App, phase: Phase, status: JobStatus) -> None:
    """A job without groups, so that its run needs no Graph; submitted by a third person."""
    facts = JobFacts(JobRequest(Action.ASSIGN), NOW, Caller("Carol", "user", "user|carol"), "token")
    accept(app.services, JobRecord(JOB, facts, status=status, phase=phase))


def on_record(app: App) -> list[tuple[str, str]]:
    """What the audit says of the job but for its submission, oldest first."""
    records = app.audit.newest_first("", job_id=JOB, by=None, page_size=100)
    found = [(record.what, record.by.name) for record in records if record.what != "JobSubmitted"]
    return found[::-1]


def test_a_start_is_on_record_with_the_run_that_it_began(app: App, azurite: Azurite) -> None:
    put_on_record(app, Phase.ENDED, JobStatus.FAILED)
    control.start(app.services, JOB, ANN)
    assert on_record(app) == []

    Pump(azurite.connection_string, NO_GRAPH, {}).run()

    assert on_record(app) == [("JobStarted", "Ann")]


def test_a_cancel_is_on_record_with_the_message_behind_it(app: App, azurite: Azurite) -> None:
    put_on_record(app, Phase.RUNNING, JobStatus.IN_PROGRESS)
    control.cancel(app.services, JOB, ANN)
    Pump(azurite.connection_string, NO_GRAPH, {}).run()
    assert on_record(app) == [("JobCanceled", "Ann")]


def test_a_cancel_that_died_before_its_message_is_on_record_all_the_same(
    app: App, azurite: Azurite, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_on_record(app, Phase.HELD, JobStatus.WAITING)

    def die(*_any: object) -> None:
        raise SystemExit

    with monkeypatch.context() as killed:
        killed.setattr(control, "send_job", die)
        with pytest.raises(SystemExit):
            control.cancel(app.services, JOB, ANN)
    clock.advance(timedelta(minutes=2))

    watch.look(app.services)
    Pump(azurite.connection_string, NO_GRAPH, {}).run()

    assert on_record(app) == [("JobCanceled", "Ann")]
    ended = app.services.jobs.get(JOB)
    assert ended is not None
    assert ended.status is JobStatus.CANCELED


def test_an_order_is_on_record_before_the_next_takes_its_place(
    azurite: Azurite, graph: GraphSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two calls died; a third tells of all, once each, and so does the message behind it."""
    for name, value in identity(graph.base_url).items():
        monkeypatch.setenv(name, value)
    pump = Pump(azurite.connection_string, graph.base_url, {"CLOUD": "local"})
    pump.app.storage.ensure()
    put_on_record(pump.app, Phase.ENDED, JobStatus.FAILED)
    control.start(pump.app.services, JOB, ANN)
    control.cancel(pump.app.services, JOB, BOB)

    start = endpoint(
        "StartJob", JobHandlers(pump.app).start, EndpointSettings("entra", platform_auth_on=True)
    )
    request = HttpRequest(
        "POST",
        f"http://127.0.0.1/api/jobs/{JOB}/start",
        headers=MANAGER.headers(),
        params={},
        route_params={"id": JOB},
        body_type="bytes",
        body=b"",
    )
    answer = start(request)
    assert answer.status_code == 202, answer.get_body()
    pump.run()

    assert on_record(pump.app) == [
        ("JobStarted", "Ann"),
        ("JobCanceled", "Bob"),
        ("JobStarted", str(MANAGER.name)),
    ]
