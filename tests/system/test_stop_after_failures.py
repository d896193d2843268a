"""stopAfterFailures: too many failures stop what has not begun, and a start takes it up again."""

from typing import Any

import pytest

from tests.support.system import System
from tests.system.checks import check_job
from tests.system.tenants import VISIO

Json = dict[str, Any]
pytestmark = pytest.mark.system

USERS = 1000
LANES = 12
"""Chunks of a job that may be under way when the failure that is one too many comes on record."""


def group_of(system: System, bad: int) -> str:
    """A thousand users; so many of them have no location, and fail."""
    system.control.reset("empty")
    system.control.seed(skus=[{"skuPartNumber": "VISIOCLIENT", "enabled": 10_000}])
    good = {"displayName": "Good", "users": USERS - bad, "usageLocation": "DE"}
    group = str(system.control.seed(bulk=[good])["groupIds"][0])
    if bad:
        bulk = [{"displayName": "Bad", "users": bad, "usageLocation": None, "groupId": group}]
        system.control.seed(bulk=bulk)
    return group


def assign(group: str, most: int) -> Json:
    return {
        "action": "assign",
        "groupIds": [group],
        "licenses": [{"skuId": VISIO}],
        "stopAfterFailures": most,
    }


def test_the_rest_is_canceled_and_a_start_takes_it_up_again(system: System) -> None:
    group = group_of(system, bad=500)

    job = system.api.run(assign(group, 10), status="FinishedWithException")

    items = check_job(system.api, system.control, job)
    assert job["error"]["code"] == "TooManyFailures"
    assert job["counts"]["failed"] >= 10
    assert job["counts"]["canceled"] > 0
    assert job["counts"]["pending"] == job["counts"]["retrying"] == 0
    begun = USERS - job["counts"]["canceled"]
    assert begun < USERS * 3 / 4, "chunks began after the failures were on record"
    canceled = [item for item in items.values() if item["status"] == "canceled"]
    assert all(item["attempts"] == 0 and item["before"] is None for item in canceled)

    for user in system.control.group_users(group):
        if user["usageLocation"] is None:
            system.control.patch_user(user["id"], usageLocation="DE")
    system.api.start(job["id"])
    job = system.api.wait(job["id"], status="Finished")
    check_job(system.api, system.control, job)
    assert (job["counts"]["changed"], job["error"]) == (USERS, None)


def test_fewer_failures_stop_nothing(system: System) -> None:
    group = group_of(system, bad=9)
    job = system.api.run(assign(group, 10), status="FinishedWithException")
    assert (job["counts"]["failed"], job["counts"]["canceled"]) == (9, 0)
    assert job["error"]["code"] == "FinishedWithException"


def test_a_job_whose_every_begun_user_failed_has_not_failed_while_some_never_began(system: System) -> None:
    group = group_of(system, bad=USERS)
    job = system.api.run(assign(group, 1), status="FinishedWithException")
    assert job["counts"]["failed"] + job["counts"]["canceled"] == USERS
    assert job["counts"]["canceled"] > 0
    assert job["error"]["code"] == "TooManyFailures"
