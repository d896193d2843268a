"""JOB_RETENTION_DAYS: what is old goes, what runs stays."""

from datetime import UTC, datetime, timedelta

import pytest
import requests

from shared.app import App
from shared.clock import Clock, utc_now
from shared.config import load_settings
from shared.errors import NotFound
from shared.jobs import retention
from tests.support.eventually import eventually
from tests.support.host import settings_for
from tests.support.system import System
from tests.system.tenants import POWER_BI, VISIO, mixed_tenant

pytestmark = pytest.mark.system


def app_at(system: System, clock: Clock) -> App:
    env = settings_for(system.azurite.connection_string, system.graph.base_url, {"JOB_RETENTION_DAYS": "30"})
    return App(load_settings(env), clock)


def test_old_jobs_go_with_their_users_and_running_licences_stay(system: System) -> None:
    api, tenant = system.host.api, mixed_tenant(system.graph.control)
    group = tenant.groups["Berlin"]
    body = {"action": "assign", "groupIds": [group], "licenses": [{"skuId": POWER_BI}]}
    job = api.run({**body, "expiresIn": {"value": 100, "unit": "days"}}, status="Finished")
    granted = api.grants()
    assert granted
    tomorrow = app_at(system, lambda: utc_now() + timedelta(days=29))
    retention.clean_up(tomorrow.services, tomorrow.storage, tomorrow.audit, tomorrow.support)
    assert api.job(job["id"])["status"] == "Finished"

    later = app_at(system, lambda: utc_now() + timedelta(days=31))
    retention.clean_up(later.services, later.storage, later.audit, later.support)
    assert api.get(f"jobs/{job['id']}").status_code == 404
    assert api.read("jobs")["value"] == []
    assert list(later.services.jobs.chunks(job["id"])) == []
    assert api.read("audit")["value"] == []
    assert api.grants() == granted


def test_a_job_that_has_not_ended_stays_however_old(system: System) -> None:
    api, tenant = system.host.api, mixed_tenant(system.graph.control)
    start = (datetime.now(UTC) + timedelta(days=90)).isoformat()
    job = api.submit(
        {
            "action": "assign",
            "groupIds": [tenant.groups["Berlin"]],
            "licenses": [{"skuId": VISIO}],
            "startAt": start,
        }
    )
    later = app_at(system, lambda: utc_now() + timedelta(days=60))
    retention.clean_up(later.services, later.storage, later.audit, later.support)
    assert api.job(job["id"])["status"] == "Waiting"


def test_ended_licences_and_export_files_go_too(system: System) -> None:
    api, tenant = system.host.api, mixed_tenant(system.graph.control)
    body = {"action": "assign", "groupIds": [tenant.groups["Berlin"]], "licenses": [{"skuId": POWER_BI}]}
    api.run({**body, "expiresIn": {"value": 100, "unit": "days"}}, status="Finished")
    (grant, *_) = api.grants()
    api.patch(f"temporary-licenses/{grant['id']}", {"permanent": True}).raise_for_status()
    export = api.run({"action": "export", "groupIds": [tenant.groups["Berlin"]], "export": {"format": "csv"}})
    file = eventually(lambda: api.get(f"jobs/{export['id']}/file"), lambda answer: answer.ok, what="the file")
    assert isinstance(file, requests.Response)

    later = app_at(system, lambda: utc_now() + timedelta(days=31))
    retention.clean_up(later.services, later.storage, later.audit, later.support)
    with pytest.raises(NotFound):
        later.services.ledger.get(grant["id"])
    assert api.grants(status="ended") == []
    exports = later.storage.blob_service.get_container_client("license-exports")
    assert [blob.name for blob in exports.list_blobs()] == []
