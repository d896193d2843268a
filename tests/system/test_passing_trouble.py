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


def test_a_job_is_not_undone_while_it_is_unknown_what_it_did(impatient: System, group_id: str) -> None:
    """Five removals are carried out, their answers lost, and then nobody can be read until the tries are used up."""
    api, control = impatient.api, impatient.control
    licenses = [{"skuId": VISIO}]
    api.run({"action": "assign", "groupIds": [group_id], "licenses": licenses}, status="Finished")
    control.add_faults(
        {
            "method": "POST",
            "kind": "status",
            "status": 504,
            "path": "assignLicense",
            "commit": True,
            "times": 5,
        },
        {
            "method": "GET",
            "kind": "status",
            "status": 503,
            "path": "users/",
            "scope": "subrequest",
            "skip": 20,
        },
    )
    removal = {"action": "remove", "groupIds": [group_id], "licenses": licenses, "confirm": True}
    job = api.run(removal, status="FinishedWithException")
    assert (job["counts"]["changed"], job["counts"]["failed"]) == (15, 5)

    refused = api.post(f"jobs/{job['id']}/undo")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "JobNotUndoable")
    assert "5 of 20 users" in refused.json()["error"]["message"]

    control.clear_faults()
    api.start(job["id"])
    assert api.wait(job["id"], status="Finished")["counts"]["changed"] == 20
    undone = api.wait(api.undo(job["id"])["id"], status="Finished")
    assert undone["counts"]["changed"] == 20
    assert all(user["licenses"] for user in control.group_users(group_id))


def test_a_user_deleted_before_the_answer_was_known_does_not_forbid_the_undo(
    impatient: System, group_id: str
) -> None:
    api, control = impatient.api, impatient.control
    gone = control.group_users(group_id)[0]["id"]
    control.add_faults(
        {
            "method": "POST",
            "kind": "status",
            "status": 504,
            "path": f"users/{gone}/assignLicense",
            "commit": True,
        },
        {
            "method": "GET",
            "kind": "status",
            "status": 404,
            "code": "Request_ResourceNotFound",
            "path": f"users/{gone}$",
            "skip": 1,
        },
    )
    body = {"action": "assign", "groupIds": [group_id], "licenses": [{"skuId": VISIO}]}
    job = api.run(body, status="FinishedWithException")
    (failed,) = api.items(job["id"], status="failed")
    assert (failed["userId"], failed["reason"]) == (gone, "UserNotFound")
    undone = api.wait(api.undo(job["id"], confirm=True)["id"], status="Finished")
    assert undone["counts"]["changed"] == 19
