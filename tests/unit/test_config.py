"""Settings: each one read, and each wrong one named in one line."""

import pytest

from shared.config import DEFAULT_SCHEDULE, load_settings, schedule
from shared.errors import SettingError

STORAGE = {"AzureWebJobsStorage": "UseDevelopmentStorage=true"}


def test_defaults() -> None:
    settings = load_settings(STORAGE)
    assert settings.auth_mode == "entra"
    assert not settings.platform_auth
    assert (settings.write_limit.writes, settings.write_limit.seconds) == (3000, 150)
    assert settings.read_delay_seconds == 60
    assert (settings.retry.delay_seconds, settings.retry.max_attempts) == (10, 10)
    assert settings.expiry_max_removals == 1000
    assert settings.submits_per_minute == 300
    assert settings.job_retention_days == 400
    assert settings.callback_hosts == frozenset()
    assert settings.public_base_url is None
    assert settings.graph.endpoint == "https://graph.microsoft.com/v1.0"
    assert settings.graph.authority_host == "https://login.microsoftonline.com"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AUTH_MODE", "none"),
        ("GRAPH_AUTH", "password"),
        ("GRAPH_ENDPOINT", "graph.microsoft.com"),
        ("GRAPH_WRITE_LIMIT", "3000"),
        ("GRAPH_WRITE_LIMIT", "0/15"),
        ("GRAPH_READ_DELAY_SECONDS", "-1"),
        ("GRAPH_READ_DELAY_SECONDS", "nan"),
        ("RETRY_DELAY_SECONDS", "soon"),
        ("RETRY_MAX_ATTEMPTS", "0"),
        ("EXPIRY_MAX_REMOVALS", "1.5"),
        ("SUBMITS_PER_MINUTE", "-3"),
        ("JOB_RETENTION_DAYS", "forever"),
        ("CALLBACK_HOSTS", "https://example.com"),
        ("PUBLIC_BASE_URL", "licenses.contoso.com"),
        ("GRAPH_ENDPOINT", "http://127.0.0.1:port/v1.0"),
        ("CALLBACK_HOSTS", "example.com:99999"),
        ("AzureWebJobsStorage", "nonsense"),
        ("AzureWebJobsStorage", "AccountName=contoso"),
        ("AzureWebJobsStorage", "AccountName=contoso;AccountKey=c3Vy!;EndpointSuffix=core.windows.net"),
    ],
)
def test_a_wrong_setting_is_named_in_one_line(name: str, value: str) -> None:
    with pytest.raises(SettingError) as caught:
        load_settings({**STORAGE, name: value})
    assert name in caught.value.message
    assert "\n" not in caught.value.message


@pytest.mark.parametrize("missing", ["TENANT_ID", "CLIENT_ID", "CLIENT_SECRET"])
def test_what_a_client_secret_needs(missing: str) -> None:
    given = {"GRAPH_AUTH": "clientSecret", "TENANT_ID": "t", "CLIENT_ID": "c", "CLIENT_SECRET": "s3cret"}
    with pytest.raises(SettingError, match=missing):
        load_settings({**STORAGE, **{name: value for name, value in given.items() if name != missing}})


@pytest.mark.parametrize(
    "text",
    [
        "DefaultEndpointsProtocol=https;AccountName=contoso;AccountKey=c2VjcmV0;EndpointSuffix=core.windows.net",
        "BlobEndpoint=https://contoso.blob.core.windows.net/;SharedAccessSignature=sv=2024&sig=s",
    ],
    ids=["key", "signature"],
)
def test_both_kinds_of_connection_string_are_read(text: str) -> None:
    assert load_settings({"AzureWebJobsStorage": text}).storage.connection_string == text


def test_missing_storage_is_named() -> None:
    with pytest.raises(SettingError, match="AzureWebJobsStorage"):
        load_settings({})


def test_storage_by_identity() -> None:
    settings = load_settings({"AzureWebJobsStorage__accountName": "contoso"}).storage
    assert settings.table_url == "https://contoso.table.core.windows.net"
    assert settings.connection_string is None


def test_no_secret_in_a_repr() -> None:
    given = {"GRAPH_AUTH": "clientSecret", "TENANT_ID": "t", "CLIENT_ID": "c", "CLIENT_SECRET": "s3cret"}
    settings = load_settings({"AzureWebJobsStorage": "AccountName=a;AccountKey=azN5", **given})
    assert "s3cret" not in repr(settings)
    assert "azN5" not in repr(settings)


def test_schedules_are_settings_with_a_default() -> None:
    assert schedule("RETRY_SCHEDULE", {"RETRY_SCHEDULE": "*/5 * * * * *"}) == "%RETRY_SCHEDULE%"
    assert schedule("RETRY_SCHEDULE", {}) == DEFAULT_SCHEDULE
