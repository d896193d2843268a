"""host.json, time spans and settings."""

import json
import logging
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from local.host.errors import HostStartError
from local.host.host_json import load_host_json
from local.host.settings import derived_host_id, load_host_settings, load_local_settings, resolve_placeholders
from local.host.timespan import parse_timespan


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("00:00:15", timedelta(seconds=15)),
        ("01:30", timedelta(hours=1, minutes=30)),
        ("2.03:04:05.5", timedelta(days=2, hours=3, minutes=4, seconds=5.5)),
    ],
)
def test_timespan(text: str, expected: timedelta) -> None:
    assert parse_timespan(text) == expected


@pytest.mark.parametrize("text", ["", "15", "00:60:00", "00:00:60", "24:00:00", "soon"])
def test_timespan_refused(text: str) -> None:
    with pytest.raises(ValueError, match="time span"):
        parse_timespan(text)


def write_host_json(folder: Path, content: Any) -> Path:
    (folder / "host.json").write_text(json.dumps(content))
    return folder


def test_defaults_are_those_of_azure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AZURE_FUNCTIONS_ENVIRONMENT", raising=False)
    loaded = load_host_json(write_host_json(tmp_path, {"version": "2.0"}))
    assert loaded.http.route_prefix == "api"
    assert loaded.function_timeout == 1800
    queues = loaded.queues
    assert (queues.batch_size, queues.new_batch_threshold) == (16, 8 * (os.cpu_count() or 1))
    assert (queues.max_polling_interval, queues.visibility_timeout, queues.max_dequeue_count) == (60, 0, 5)
    assert queues.base64


def test_development_polls_every_two_seconds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_FUNCTIONS_ENVIRONMENT", "Development")
    assert load_host_json(write_host_json(tmp_path, {})).queues.max_polling_interval == 2


def test_settings_are_read(tmp_path: Path) -> None:
    content = {
        "functionTimeout": "-1",
        "logging": {"logLevel": {"default": "Warning"}},
        "extensions": {
            "http": {"routePrefix": "", "customHeaders": {"X-A": "b"}},
            "queues": {"batchSize": 1, "newBatchThreshold": 0, "visibilityTimeout": "00:00:15"},
        },
    }
    loaded = load_host_json(write_host_json(tmp_path, content))
    assert loaded.http.route_prefix == ""
    assert loaded.http.custom_headers == {"X-A": "b"}
    assert loaded.function_timeout is None
    assert loaded.log_level == logging.WARNING
    assert (loaded.queues.batch_size, loaded.queues.new_batch_threshold) == (1, 0)
    assert loaded.queues.visibility_timeout == 15


def test_every_wrong_setting_is_named(tmp_path: Path) -> None:
    queues = {
        "batchSize": 33,
        "newBatchThreshold": -1,
        "maxPollingInterval": "00:00:00",
        "visibilityTimeout": "x",
        "maxDequeueCount": 0,
        "messageEncoding": "utf8",
    }
    content = {"functionTimeout": 5, "extensions": {"queues": queues, "http": {"routePrefix": 1}}}
    with pytest.raises(HostStartError) as caught:
        load_host_json(write_host_json(tmp_path, content))
    for name in (*queues, "functionTimeout", "routePrefix"):
        assert any(name in fault for fault in caught.value.faults), name


def test_values_do_not_replace_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FROM_FILE", "AZURE_FUNCTIONS_ENVIRONMENT"):
        monkeypatch.setenv(name, "to be removed at the end of the test")
        monkeypatch.delenv(name)
    monkeypatch.setenv("FROM_BOTH", "environment")
    values = {"FROM_FILE": "file", "FROM_BOTH": "file"}
    host = {"LocalHttpPort": 7073, "CORS": "http://a.test, http://b.test", "CORSCredentials": True}
    (tmp_path / "local.settings.json").write_text(
        json.dumps({"IsEncrypted": False, "Values": values, "Host": host})
    )
    loaded = load_local_settings(tmp_path)
    assert (os.environ["FROM_FILE"], os.environ["FROM_BOTH"]) == ("file", "environment")
    assert os.environ["AZURE_FUNCTIONS_ENVIRONMENT"] == "Development"
    assert (loaded.port, loaded.cors, loaded.cors_credentials) == (
        7073,
        ("http://a.test", "http://b.test"),
        True,
    )


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("{", "not JSON"),
        ('{"IsEncrypted": true}', "IsEncrypted"),
        ('{"Host": {"LocalHttpPort": "x"}}', "LocalHttpPort"),
        ('{"Host": {"CORS": "*", "CORSCredentials": true}}', "CORS"),
    ],
)
def test_wrong_local_settings(tmp_path: Path, content: str, named: str) -> None:
    (tmp_path / "local.settings.json").write_text(content)
    with pytest.raises(HostStartError, match=named):
        load_local_settings(tmp_path)


def test_host_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LOCAL_QUEUE_LEASE_SECONDS", raising=False)
    monkeypatch.setenv("PYTHON_THREADPOOL_THREAD_COUNT", "3")
    settings = load_host_settings(tmp_path)
    assert (settings.queue_lease_seconds, settings.thread_count, settings.shutdown_seconds) == (600, 3, 8)
    assert settings.host_id == derived_host_id(tmp_path)
    assert len(settings.host_id) == 32
    assert derived_host_id(tmp_path) != derived_host_id(tmp_path / "other")
    monkeypatch.setenv("LOCAL_QUEUE_LEASE_SECONDS", "soon")
    monkeypatch.setenv("AzureFunctionsWebHost__hostid", "x" * 33)
    with pytest.raises(HostStartError) as caught:
        load_host_settings(tmp_path)
    assert len(caught.value.faults) == 2


def test_placeholders(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUEUE_NAME", "jobs")
    monkeypatch.delenv("NO_SUCH_SETTING", raising=False)
    assert resolve_placeholders("a-%QUEUE_NAME%-b") == "a-jobs-b"
    with pytest.raises(KeyError, match="NO_SUCH_SETTING"):
        resolve_placeholders("%NO_SUCH_SETTING%")
