"""Storage refuses, cuts off, or carries out and loses the answer: seeded, counted, and nobody can tell afterwards."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conftest import needs_azurite
from tests.crash.crash_system import CrashSystem
from tests.crash.one_kill import VISIO, Json, submit
from tests.support.eventually import eventually
from tests.support.storage_proxy import AFTER_THE_FACT, Fault, Rule
from tests.system.checks import check_job

pytestmark = pytest.mark.system
USERS = 400
WRITES = r"^(POST|PUT|MERGE|PATCH|DELETE) "


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CrashSystem]:
    """One host whose storage is behind the proxy."""
    with needs_azurite():
        system = CrashSystem(tmp_path_factory.mktemp("proxied"), proxied=True)
    with system:
        system.control.reset("empty")
        system.control.seed(skus=[{"skuPartNumber": "VISIOCLIENT", "enabled": 1_000_000}])
        yield system


def body_for(system: CrashSystem, users: int = USERS) -> Json:
    seeded = system.control.seed(bulk=[{"displayName": "Storage", "users": users, "usageLocation": "DE"}])
    return {"action": "assign", "groupIds": seeded["groupIds"], "licenses": [{"skuId": VISIO}]}


@pytest.mark.parametrize("fault", [Fault.BUSY, Fault.LOST])
def test_a_job_goes_on_while_requests_fail(proxied: CrashSystem, fault: Fault) -> None:
    """One in twelve changes of storage is lost to the host; reads fail too where nothing was carried out.

    The long form breaks in the other two ways as well.
    """
    before = len(proxied.control.changes())
    body = body_for(proxied)
    pattern = WRITES if fault in AFTER_THE_FACT else ""
    proxied.proxy.break_requests(Rule(fault, pattern, probability=0.08, times=60))
    job_id = submit(proxied, body)
    job = proxied.api.wait(job_id, 120, "Finished")
    proxied.proxy.come_back()
    assert job["counts"]["changed"] == USERS
    check_job(proxied.api, proxied.control, job, before)
    assert proxied.proxy.done[fault.value] > 5


@pytest.mark.parametrize(
    "rule",
    [
        pytest.param(Rule(Fault.LOST, r"^POST /devstoreaccount1/jobs(\?|$)", times=1), id="job on record"),
        pytest.param(Rule(Fault.LOST, r"^POST .*license-jobs/messages", times=1), id="job enqueued"),
        pytest.param(Rule(Fault.REFUSED, r"^POST .*license-jobs/messages", times=3), id="job not enqueued"),
        pytest.param(Rule(Fault.LOST, r"RowKey='job'", times=1, skip=1), id="job taken up"),
        pytest.param(Rule(Fault.LOST, r"^(PUT|PATCH|MERGE) .*RowKey='chunk", times=1), id="intent on record"),
        pytest.param(
            Rule(Fault.LOST, r"^(PUT|PATCH|MERGE) .*RowKey='chunk", times=1, skip=1), id="result on record"
        ),
        pytest.param(Rule(Fault.LOST, r"^POST .*/\$batch", times=1), id="page on record"),
        pytest.param(Rule(Fault.LOST, r"^POST .*/\$batch", times=1, skip=1), id="chunks on record"),
        pytest.param(Rule(Fault.LOST, r"^POST /devstoreaccount1/work(\?|$)", times=1), id="claim taken"),
    ],
)
def test_the_answer_to_one_step_is_lost(proxied: CrashSystem, rule: Rule) -> None:
    before = len(proxied.control.changes())
    body = body_for(proxied, 20)
    proxied.proxy.break_requests(rule)
    job = proxied.api.wait(submit(proxied, body), 60, "Finished")
    proxied.proxy.come_back()
    assert rule.hits == rule.times, "the fault was never met"
    assert job["counts"]["changed"] == 20
    check_job(proxied.api, proxied.control, job, before)


def test_storage_is_away_for_a_while(proxied: CrashSystem) -> None:
    """Submissions answer 503 with Retry-After meanwhile; the job goes on without help."""
    proxied.control.set_latency(200)
    before = len(proxied.control.changes())
    body = body_for(proxied)
    job_id = submit(proxied, body)
    eventually(lambda: len(proxied.control.changes()) > before, within=30, what="the first write")
    proxied.proxy.go_away()
    refused = proxied.api.post("jobs", body)
    assert refused.status_code == 503, refused.text
    assert int(refused.headers["Retry-After"]) >= 1
    proxied.proxy.come_back()
    proxied.control.set_latency(0)
    job = proxied.api.wait(job_id, 90, "Finished")
    assert job["counts"]["changed"] == USERS
    check_job(proxied.api, proxied.control, job, before)
