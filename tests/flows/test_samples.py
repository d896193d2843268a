"""Each sample runs to its end against the running app, with retries at the worst moments: no job twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest

from flows.samples import SAMPLES
from tests.conftest import SystemStarter
from tests.flows.engine import AfterPoll, Engine, Run
from tests.flows.network import Fault, Network
from tests.support.principals import FLOW
from tests.support.receiver import Receiver
from tests.support.system import System
from tests.system.tenants import VISIO, Tenant, holds, mixed_tenant

Json = dict[str, Any]
pytestmark = pytest.mark.system

DRIVE = "b!drive-1"  # a library of the simulated tenant
BY_NAME = {sample.name: sample for sample in SAMPLES}
APPROVED = {"Ask_for_approval": {"body": {"outcome": "Approve"}}}
REJECTED = {"Ask_for_approval": {"body": {"outcome": "Reject"}}}
ACCESS = {"tenant": "contoso", "audience": "api", "clientId": "flow", "secret": "its secret"}
JOBS, WAIT = r"/api/jobs(\?|$)", r"/wait\?"


def moments() -> dict[str, list[Fault]]:
    """What may go wrong between platform and app, by name; new faults each time, since they count."""
    return {
        "nothing": [],
        "the answer of the POST is lost": [Fault("lost", "POST", JOBS)],
        "it is lost three times": [Fault("lost", "POST", JOBS, times=3)],
        "503 before the POST": [Fault("before", "POST", JOBS, times=2)],
        "503 after the POST": [Fault("after", "POST", JOBS)],
        "408 after the POST": [Fault("after", "POST", JOBS, status=408)],
        "no connection": [Fault("refused", "POST", JOBS, times=2)],
        "a poll is lost": [Fault("lost", "GET", WAIT)],
        "503 for a poll": [Fault("before", "GET", WAIT), Fault("after", "GET", WAIT, skip=1)],
        "all at once": [
            Fault("lost", "POST", JOBS),
            Fault("after", "POST", JOBS),
            Fault("lost", "GET", WAIT),
        ],
    }


@dataclass(frozen=True)
class Stage:
    """The running app with a small tenant, and what each sample needs to be told about it."""

    system: System
    tenant: Tenant

    def definition(self, name: str, **settings: str) -> Json:
        """The sample as a maker would have filled it in."""
        definition = BY_NAME[name].definition()
        filled = {"address": self.system.host.base_url, **ACCESS, **self.settings(name), **settings}
        inputs = definition["actions"]["Settings"]["inputs"]
        assert set(filled) == set(inputs)
        inputs.update(filled)
        return definition

    def settings(self, name: str) -> dict[str, str]:
        return {
            "assign-on-request": {"approver": "lee@contoso.example"},
            "remove-on-leaving": {"leaversGroupId": self.tenant.groups["Berlin"]},
            "nightly-export": {
                "groupId": self.tenant.groups["Europe"],
                "driveId": DRIVE,
                "folder": "/Reports/Licenses",
            },
            "notice-before-expiry": {"teamsUrl": "https://localhost/none"},
        }[name]

    def jobs(self) -> list[Json]:
        """All jobs but sweeps, the oldest first."""
        return [job for job in reversed(self.system.api.all("jobs")) if job["action"] != "expire"]

    def license_writes(self) -> list[str]:
        return [change["userId"] for change in self.system.control.changes() if change["kind"] == "license"]


@pytest.fixture(scope="module")
def receiver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Receiver]:
    with Receiver(tmp_path_factory.mktemp("receiver")) as receiver:
        yield receiver


@pytest.fixture(scope="module")
def flows_system(start_system: SystemStarter) -> System:
    return start_system()


@pytest.fixture
def stage(flows_system: System) -> Stage:
    flows_system.clean()
    tenant = mixed_tenant(flows_system.control)
    return Stage(flows_system, tenant)


def request(stage: Stage, group: str = "Germany") -> Json:
    return {"text": stage.tenant.groups[group], "text_1": VISIO, "number": 30}


def run(stage: Stage, name: str, network: Network, after_poll: AfterPoll, **settings: str) -> Run:
    engine = Engine(network, after_poll=after_poll, answers=APPROVED)
    return engine.run(stage.definition(name, **settings), str(uuid4()), request(stage))


CASES: list[tuple[str, AfterPoll]] = [(moment, "poll") for moment in moments()]
CASES += [(moment, "request") for moment in moments() if "poll" in moment or "all" in moment]
"""A failed poll may be followed by another, or by the first request once more."""


@pytest.mark.parametrize(("moment", "after_poll"), CASES)
def test_assign_on_request(stage: Stage, moment: str, after_poll: AfterPoll) -> None:
    faults = moments()[moment]
    ended = run(stage, "assign-on-request", Network(*faults), after_poll)
    assert ended.succeeded, ended
    assert all(fault.hits >= fault.times for fault in faults), "the fault did not happen"
    looked, carried_out = stage.jobs()
    assert (looked["dryRun"], carried_out["plan"], carried_out["status"]) == (True, looked["id"], "Finished")
    assert carried_out["createdBy"] == {"name": FLOW.app_id, "kind": "app"}
    writes = stage.license_writes()
    assert len(writes) == len(set(writes)) == carried_out["counts"]["changed"] == 2
    assert len(stage.system.api.grants()) == 2


@pytest.mark.parametrize(("moment", "after_poll"), CASES)
def test_remove_on_leaving(stage: Stage, moment: str, after_poll: AfterPoll) -> None:
    ended = run(stage, "remove-on-leaving", Network(*moments()[moment]), after_poll)
    assert ended.succeeded, ended
    (job,) = stage.jobs()
    assert (job["action"], job["status"]) == ("remove", "Finished")
    writes = stage.license_writes()
    assert len(writes) == len(set(writes)) == 2
    assert holds(stage.system.control.user(stage.tenant.users["office and visio"])) == {}


@pytest.mark.parametrize("moment", moments())
def test_nightly_export(stage: Stage, moment: str) -> None:
    ended = run(stage, "nightly-export", Network(*moments()[moment]), "poll")
    assert ended.succeeded, ended
    (job,) = stage.jobs()
    assert (job["action"], job["status"]) == ("export", "Finished")
    assert ended.outputs["File"] == job["links"]["file"]
    assert len(stage.system.control.files()) == 1


def test_notice_before_expiry(stage: Stage, receiver: Receiver) -> None:
    body = {"action": "assign", "groupIds": [stage.tenant.groups["Germany"]], "licenses": [{"skuId": VISIO}]}
    stage.system.api.run(body | {"expiresIn": {"value": 10, "unit": "days"}}, status="Finished")
    network = Network(Fault("lost", "GET", "temporary-licenses"), authority=str(receiver.authority))
    ended = run(stage, "notice-before-expiry", network, "poll", teamsUrl=receiver.url("/teams"))
    assert ended.succeeded, ended
    (message,) = receiver.at("/teams")
    card = message.json["attachments"][0]["content"]
    assert card["body"][0]["text"] == "2 temporary licenses expire within a fortnight"
    facts = card["body"][1]["facts"]
    assert sorted(fact["title"] for fact in facts) == ["none", "office"]
    assert all(fact["value"].startswith("Visio Plan 2 until 20") for fact in facts)
    assert len(stage.jobs()) == 1


def test_nothing_to_tell_is_not_told(stage: Stage, receiver: Receiver) -> None:
    network = Network(authority=str(receiver.authority))
    assert run(stage, "notice-before-expiry", network, "poll", teamsUrl=receiver.url("/quiet")).succeeded
    assert receiver.at("/quiet") == []


def test_a_host_killed_before_it_answers_makes_no_second_job(stage: Stage) -> None:
    def crash() -> None:
        stage.system.host.kill()
        stage.system.host.start()

    killed = Fault("lost", "POST", JOBS, skip=1, first=crash)  # the POST that carries the plan out
    ended = run(stage, "assign-on-request", Network(killed), "poll")
    assert ended.succeeded, ended
    assert killed.hits >= 1
    assert len(stage.jobs()) == 2
    writes = stage.license_writes()
    assert len(writes) == len(set(writes)) == 2


def test_what_is_not_approved_is_not_done(stage: Stage) -> None:
    engine = Engine(Network(), answers=REJECTED)
    assert engine.run(stage.definition("assign-on-request"), "run", request(stage)).succeeded
    assert [job["dryRun"] for job in stage.jobs()] == [True]
    assert stage.license_writes() == []


def test_a_run_fails_with_the_jobs_own_words(stage: Stage) -> None:
    """Europe holds a user without a location: the job ends with exceptions, the flow says so."""
    engine = Engine(Network(), answers=APPROVED)
    ended = engine.run(stage.definition("assign-on-request"), "run", request(stage, "Europe"))
    assert ended.error is not None
    assert ended.error.startswith("1 of ")
    assert "/portal/#/jobs/" in ended.error


def test_a_run_fails_with_the_apps_refusal(stage: Stage) -> None:
    engine = Engine(Network(), answers=APPROVED)
    ended = engine.run(stage.definition("assign-on-request"), "run", request(stage) | {"text": str(uuid4())})
    assert ended.error is not None
    assert ended.error.startswith("There is no group")
    assert stage.jobs() == []


def test_an_app_that_stays_away_ends_the_run(stage: Stage) -> None:
    away = Network(Fault("before", "POST", JOBS, times=100))
    ended = run(stage, "nightly-export", away, "poll")
    assert ended.error == "The app gave no answer."
    assert len(away.sent) == 0
