"""Canaries in the place of every secret: none in a log line, an error, an answer or an export."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from shared.config import load_settings
from shared.errors import SettingError
from tests.conftest import SystemStarter
from tests.support.receiver import Receiver
from tests.support.system import System
from tests.system.tenants import VISIO, mixed_tenant

Json = dict[str, Any]

STORAGE = {"AzureWebJobsStorage": "UseDevelopmentStorage=true"}
CANARIES = {
    "LOCAL_FUNCTION_KEY": "canary-function-key",
    "LOCAL_MASTER_KEY": "canary-master-key",
    "IDENTITY_HEADER": "canary-identity-header",
    "CLIENT_SECRET": "canary-client-secret",
    "CLIENT_CERTIFICATE": "canary-client-certificate",
}
SIG = "canary-signature-of-a-url"
KEYED = {"x-functions-key": CANARIES["LOCAL_FUNCTION_KEY"]}


@pytest.mark.parametrize(
    "settings",
    [
        {"AzureWebJobsStorage": "canary"},
        {"AzureWebJobsStorage": "DefaultEndpointsProtocol=https;AccountKey=canary"},
        {"AzureWebJobsStorage__tableServiceUri": "https://x.table.core.windows.net/?sig=canary"},
        {**STORAGE, "GRAPH_ENDPOINT": "https://user:canary@graph.example/v1.0?x=1"},
        {**STORAGE, "GRAPH_AUTH": "clientSecret", "CLIENT_SECRET": "canary"},
        {**STORAGE, "GRAPH_AUTH": "certificate", "TENANT_ID": "t", "CLIENT_SECRET": "canary"},
        {**STORAGE, "CALLBACK_HOSTS": "https://hooks.example/?sig=canary"},
        {**STORAGE, "PUBLIC_BASE_URL": "https://licenses.example/?code=canary"},
    ],
    ids=lambda settings: ",".join(settings),
)
def test_a_wrong_setting_is_named_without_its_secret(settings: Mapping[str, str]) -> None:
    with pytest.raises(SettingError) as error:
        load_settings(settings)
    assert "canary" not in str(error.value)


def test_settings_do_not_show_secrets() -> None:
    settings = load_settings(
        {
            "AzureWebJobsStorage": "AccountName=a;AccountKey=canarycanary",
            "GRAPH_AUTH": "clientSecret",
            "TENANT_ID": "t",
            "CLIENT_ID": "c",
            "CLIENT_SECRET": "canary",
        }
    )
    assert "canary" not in repr(settings)


@pytest.fixture(scope="module")
def receiver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Receiver]:
    with Receiver(tmp_path_factory.mktemp("receiver")) as receiver:
        yield receiver


@pytest.fixture(scope="module")
def watched(start_system: SystemStarter, receiver: Receiver) -> System:
    return start_system(
        {
            "AUTH_MODE": "key",
            "WEBSITE_AUTH_ENABLED": None,
            "RETRY_MAX_ATTEMPTS": "2",
            **CANARIES,
            **receiver.settings,
        }
    )


@pytest.mark.system
def test_no_secret_leaves(watched: System, receiver: Receiver) -> None:
    api = watched.api.as_principal(None)
    tenant = mixed_tenant(watched.control)
    answers: list[str] = []

    def call(method: str, path: str, **options: Any) -> Any:
        answer = api.request(method, path, headers=KEYED, **options)
        answers.append(f"{answer.text}{answer.headers if answer.status_code not in (201, 202) else ''}")
        return answer

    receiver.answers[f"/hook?sig={SIG}"] = [(500, {}), (404, {})]
    subscription = {"callbackUrl": receiver.url(f"/sub?sig={SIG}"), "events": ["job.finished"]}
    created = call("POST", "subscriptions", json=subscription)
    secret = created.json()["secret"]
    answers.clear()  # told once, here
    assign = {"action": "assign", "groupIds": [tenant.groups["Germany"]], "licenses": [{"skuId": VISIO}]}
    job = call("POST", "jobs", json=assign | {"callbackUrl": receiver.url(f"/hook?sig={SIG}")})
    token = job.headers["Location"].partition("t=")[2]
    export = call("POST", "jobs", json={"action": "export", "groupIds": [tenant.groups["Germany"]]})
    for answer in (job, export):
        watch = api.request("GET", answer.headers["Location"])
        assert watch.status_code in (200, 202)
    receiver.wait(f"/hook?sig={SIG}", 2)
    receiver.wait(f"/sub?sig={SIG}", 2)
    job_id, export_id = job.json()["id"], export.json()["id"]
    for path in (
        f"jobs/{export_id}/file",
        f"jobs/{job_id}/report?format=csv",
        f"jobs/{job_id}/items",
        "jobs",
        "audit",
    ):
        assert call("GET", path).status_code == 200
    call("GET", "subscriptions")
    call("POST", "jobs", json=assign | {"callbackUrl": f"https://elsewhere.example/?sig={SIG}"})
    call("POST", "jobs", data=b"{")
    call("GET", f"jobs/{job_id}/wait?t={SIG}")
    watched.control.revoke_tokens()
    watched.control.add_faults({"kind": "status", "status": 401})
    call("GET", "groups")
    watched.control.clear_faults()
    watched.graph.stop()
    call("GET", "groups")
    call("GET", "health")
    watched.azurite.stop()
    call("POST", "jobs", json=assign)
    call("GET", "health")

    key = watched.azurite.connection_string.partition("AccountKey=")[2].partition(";")[0]
    log = watched.host.log_since_mark()
    assert job_id in log
    for canary in (*CANARIES.values(), SIG, secret, key):
        assert canary not in "".join(answers), canary
        assert canary not in log, canary
    assert token not in log
