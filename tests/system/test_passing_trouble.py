"""What a person reads while something passing stands in the way: what comes next, and only what is true."""

import pytest

from shared.errors import SEND_AGAIN, START_AGAIN, TRIED_AGAIN
from tests.conftest import SystemStarter
from tests.support.eventually import eventually
from tests.support.system import System
from tests.system.tenants import SKUS, VISIO

ATTEMPTS = 2


@pytest.fixture(scope="module")
def impatient(start_system: SystemStarter) -> System:
    """It tries twice."""
    return start_system({"RETRY_MAX_ATTEMPTS": str(ATTEMPTS)})


@pytest.fixture
def group_id(impatient: System) -> str:
    """One of twenty users that need a licence."""
    control = impatient.control
    impatient.clean("empty")
    control.seed(skus=SKUS)
    bulk = [{"displayName": "All", "users": 20, "usageLocation": "DE"}]
    return str(control.seed(bulk=bulk)["groupIds"][0])


def test_users_are_tried_again_and_then_wait_for_a_person(impatient: System, group_id: str) -> None:
    api = impatient.api
    impatient.control.add_faults({"kind": "status", "status": 503, "path": "assignLicense"})
    job = api.submit({"action": "assign", "groupIds": [group_id], "licenses": [{"skuId": VISIO}]})
    retrying = eventually(
        lambda: [item for item in api.items(job["id"]) if item["status"] == "retrying"],
        what="a user that is tried again",
    )
    assert retrying[0]["error"]["message"].endswith(TRIED_AGAIN)
    assert retrying[0]["nextAttemptAt"] is not None

    ended = api.wait(job["id"], status="Failed")
    assert ended["counts"]["failed"] == 20
    (item, *_) = api.items(job["id"])
    assert item["error"]["message"].endswith(START_AGAIN)
    assert (item["reason"], item["attempts"], item["nextAttemptAt"]) == ("GraphUnavailable", ATTEMPTS, None)

    impatient.control.clear_faults()
    impatient.control.add_faults({"kind": "status", "status": 503, "path": "assignLicense", "times": 20})
    api.start(job["id"])
    assert api.wait(job["id"], status="Finished")["counts"]["changed"] == 20, "all its tries are ahead again"
    assert api.items(job["id"])[0]["attempts"] == ATTEMPTS + 2


def test_a_group_that_cannot_be_read_is_told_alike(impatient: System, group_id: str) -> None:
    api = impatient.api
    impatient.control.add_faults({"kind": "status", "status": 503, "path": "transitiveMembers"})
    job = api.run(
        {"action": "assign", "groupIds": [group_id], "licenses": [{"skuId": VISIO}]}, status="Failed"
    )
    assert job["groups"][0]["error"]["message"].endswith(START_AGAIN)


def test_a_refused_submission_is_not_tried_again(impatient: System, group_id: str) -> None:
    impatient.control.add_faults({"kind": "status", "status": 503})
    answer = impatient.api.post(
        "jobs", {"action": "assign", "groupIds": [group_id], "licenses": [{"skuId": VISIO}]}
    )
    assert answer.status_code == 503
    assert answer.json()["error"]["message"].endswith(SEND_AGAIN)
    assert impatient.api.all("jobs") == []
