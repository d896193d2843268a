"""How often a group's members are tried to be read before the group fails."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import cast

import pytest

from shared.app import App
from shared.config import load_settings
from shared.errors import PassingGraphError
from shared.graph.directory import Directory, Member, MemberPage
from shared.graph.errors import ExpiredPageToken
from shared.jobs.accept import accept
from shared.jobs.expand import expand
from shared.jobs.records import GroupRecord, JobFacts, JobRecord, Phase, SelectedGroup
from shared.jobs.services import Services
from shared.models import Action, Caller, GroupStatus, JobRequest
from tests.integration.ledger.builders import NOW, SetClock
from tests.support.azurite import Azurite

JOB = "51111111-2222-4333-8444-555555555555"
ATTEMPTS = 3
PASSING = PassingGraphError("GraphUnavailable", "Graph answers 503.")
EXPIRED = ExpiredPageToken("GraphUnavailable", "Too late.")


@dataclass
class ScriptedDirectory:
    """A group of so many users, one a page; before each page come the errors that are listed for it."""

    pages: int
    errors: dict[int, list[PassingGraphError]]

    def member_page(self, _group_id: str, next_link: str | None = None) -> MemberPage:
        number = int(next_link or 0)
        if self.errors.get(number):
            raise self.errors[number].pop()
        member = Member(f"user-{number}", f"{number}@contoso.example", "A user", True, "Member")
        return MemberPage([member], str(number + 1) if number + 1 < self.pages else None)


@pytest.fixture
def services(azurite: Azurite) -> Services:
    """With a job whose one group is to be read."""
    env = {"AzureWebJobsStorage": azurite.connection_string, "RETRY_MAX_ATTEMPTS": str(ATTEMPTS)}
    app = App(load_settings(env), SetClock(NOW))
    app.storage.ensure()
    groups = (SelectedGroup("group", "A large group"),)
    facts = JobFacts(JobRequest(Action.EXPORT), NOW, Caller("Ann", "user", "user|ann"), "token", groups)
    accept(app.services, JobRecord(JOB, facts, phase=Phase.EXPANDING))
    return app.services


def read(services: Services, directory: ScriptedDirectory) -> GroupRecord:
    """The group once it has ended, a message at a time."""
    services = replace(services, directory=cast(Directory, directory))
    for _ in range(20):
        expand(services, JOB, 0)
        group = services.jobs.group(JOB, 0)
        if group.status.terminal:
            return group
    raise AssertionError("the group does not end")


def test_passing_errors_of_many_pages_do_not_add_up(services: Services) -> None:
    directory = ScriptedDirectory(5, {page: [PASSING] * (ATTEMPTS - 1) for page in range(5)})
    group = read(services, directory)
    assert (group.status, group.users, group.attempts, group.error) == (GroupStatus.DONE, 5, 0, None)


def test_a_page_that_never_comes_ends_the_group(services: Services) -> None:
    group = read(services, ScriptedDirectory(2, {1: [PASSING] * ATTEMPTS}))
    assert (group.status, group.attempts) == (GroupStatus.FAILED, ATTEMPTS)


def test_page_tokens_that_expire_again_and_again_end_the_group(services: Services) -> None:
    """Although each reading brings the first page."""
    group = read(services, ScriptedDirectory(2, {1: [EXPIRED] * 20}))
    assert (group.status, group.restarts) == (GroupStatus.FAILED, ATTEMPTS)
