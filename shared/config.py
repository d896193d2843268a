"""The app's settings, read once from the environment. A wrong or missing one stops the start with one line.

`SETTINGS` names every setting, for the documentation and for the check that a deployment sets them.
"""

import base64
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, cast
from urllib.parse import urlsplit

from shared.errors import SettingError
from shared.graph.clouds import DEFAULT_ENDPOINT, authority_host
from shared.graph.settings import GraphAuth, GraphSettings
from shared.pacing import Limit
from shared.retry import RetryPolicy
from shared.storage.connection import StorageSettings

AuthMode = Literal["entra", "key"]
DEFAULT_SCHEDULE = "0 */15 * * * *"

SETTINGS = (
    "AzureWebJobsStorage",
    "AzureWebJobsStorage__accountName",
    "AzureWebJobsStorage__blobServiceUri",
    "AzureWebJobsStorage__clientId",
    "AzureWebJobsStorage__credential",
    "AzureWebJobsStorage__queueServiceUri",
    "AzureWebJobsStorage__tableServiceUri",
    "AUTHORITY_HOST",
    "AUTH_MODE",
    "CALLBACK_HOSTS",
    "CLIENT_CERTIFICATE",
    "CLIENT_ID",
    "CLIENT_SECRET",
    "EXPIRY_MAX_REMOVALS",
    "EXPIRY_NOTICE_DAYS",
    "EXPIRY_SCHEDULE",
    "GRAPH_AUTH",
    "GRAPH_ENDPOINT",
    "GRAPH_READ_DELAY_SECONDS",
    "GRAPH_WRITE_LIMIT",
    "JOB_RETENTION_DAYS",
    "PUBLIC_BASE_URL",
    "RETRY_DELAY_SECONDS",
    "RETRY_MAX_ATTEMPTS",
    "RETRY_SCHEDULE",
    "SUBMITS_PER_MINUTE",
    "TENANT_ID",
)

_HOST = re.compile(r"^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:\d{1,5})?$")
_PUBLIC_STORAGE = "https://{account}.{service}.core.windows.net"


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything the app reads from its environment. Times are seconds."""

    storage: StorageSettings
    graph: GraphSettings
    auth_mode: AuthMode
    platform_auth: bool
    write_limit: Limit
    read_delay_seconds: float
    retry: RetryPolicy
    expiry_max_removals: int
    expiry_notice_days: tuple[int, ...]
    submits_per_minute: int
    job_retention_days: int
    callback_hosts: frozenset[str]
    public_base_url: str | None
    site_url: str


def load_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings of this process.

    Raises:
        SettingError: one is missing or wrong; the message is one line that names it.
    """
    read = _Reader(environment)
    return Settings(
        storage=_storage(read),
        graph=_graph(read),
        auth_mode=cast(AuthMode, read.choice("AUTH_MODE", ("entra", "key"), "entra")),
        platform_auth=read.text("WEBSITE_AUTH_ENABLED", "").lower() in ("true", "1"),
        write_limit=_write_limit(read),
        read_delay_seconds=read.number("GRAPH_READ_DELAY_SECONDS", 60, least=0),
        retry=RetryPolicy(
            delay_seconds=read.number("RETRY_DELAY_SECONDS", 10, least=0),
            max_attempts=read.whole("RETRY_MAX_ATTEMPTS", 10),
        ),
        expiry_max_removals=read.whole("EXPIRY_MAX_REMOVALS", 1000),
        expiry_notice_days=_notice_days(read),
        submits_per_minute=read.whole("SUBMITS_PER_MINUTE", 300),
        job_retention_days=read.whole("JOB_RETENTION_DAYS", 400),
        callback_hosts=_callback_hosts(read),
        public_base_url=_base_url(read),
        site_url=_base_url(read) or _own_address(read),
    )


def schedule(name: str, environment: Mapping[str, str] = os.environ) -> str:
    """The binding expression of a timer: `%NAME%` where the setting is there, else every 15 minutes."""
    return f"%{name}%" if environment.get(name) else DEFAULT_SCHEDULE


class _Reader:
    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def optional(self, name: str) -> str | None:
        return self._environment.get(name, "").strip() or None

    def text(self, name: str, default: str) -> str:
        return self.optional(name) or default

    def required(self, name: str, why: str) -> str:
        value = self.optional(name)
        if value is None:
            raise SettingError(f"Setting {name} is missing: {why}.")
        return value

    def choice(self, name: str, allowed: tuple[str, ...], default: str) -> str:
        value = self.text(name, default)
        if value not in allowed:
            raise SettingError(f"Setting {name} is {value!r}: it must be one of {', '.join(allowed)}.")
        return value

    def number(self, name: str, default: float, *, least: float) -> float:
        text = self.optional(name)
        try:
            value = default if text is None else float(text)
        except ValueError:
            raise SettingError(
                f"Setting {name} is {text!r}: it must be a number of at least {least:g}."
            ) from None
        if not least <= value < float("inf"):
            raise SettingError(f"Setting {name} is {text!r}: it must be a number of at least {least:g}.")
        return value

    def whole(self, name: str, default: int, *, least: int = 1) -> int:
        text = self.optional(name)
        if text is None:
            return default
        if not text.isascii() or not text.isdigit() or int(text) < least:
            raise SettingError(f"Setting {name} is {text!r}: it must be a whole number of at least {least}.")
        return int(text)

    def url(self, name: str, schemes: tuple[str, ...]) -> str | None:
        value = self.optional(name)
        if value is None:
            return None
        parts = urlsplit(value)
        wrong = parts.scheme not in schemes or not parts.hostname or parts.query or parts.fragment
        if wrong or not _has_real_port(value):
            # Without the value: people paste URLs with keys in their query.
            raise SettingError(
                f"Setting {name} must be an absolute {'/'.join(schemes)} URL without query and fragment."
            )
        return value.rstrip("/")


def _storage(read: _Reader) -> StorageSettings:
    if connection_string := read.optional("AzureWebJobsStorage"):
        if not _is_connection_string(connection_string):
            raise SettingError(
                "Setting AzureWebJobsStorage is not a storage connection string: it needs an AccountName and a "
                "whole AccountKey, or a SharedAccessSignature."
            )
        return StorageSettings(connection_string=connection_string)
    account = read.optional("AzureWebJobsStorage__accountName")
    urls = {}
    for service in ("table", "queue", "blob"):
        name = f"AzureWebJobsStorage__{service}ServiceUri"
        urls[service] = read.url(name, ("https", "http")) or (
            account and _PUBLIC_STORAGE.format(account=account, service=service)
        )
        if urls[service] is None:
            raise SettingError(
                "Setting AzureWebJobsStorage is missing: give a connection string, or "
                f"AzureWebJobsStorage__accountName, or {name}."
            )
    return StorageSettings(
        table_url=urls["table"],
        queue_url=urls["queue"],
        blob_url=urls["blob"],
        identity_client_id=read.optional("AzureWebJobsStorage__clientId"),
        managed_identity=read.optional("AzureWebJobsStorage__credential") == "managedidentity",
    )


def _has_real_port(url: str) -> bool:
    """Whether the URL names no port, or one that exists."""
    try:
        return urlsplit(url).port != 0
    except ValueError:
        return False


def _is_connection_string(text: str) -> bool:
    """Whether the storage clients can be made of it; a key cut off while copying shows here, not in each job.

    Source: https://learn.microsoft.com/azure/storage/common/storage-configure-connection-string.
    """
    parts = dict(part.split("=", 1) for part in text.split(";") if "=" in part)
    if parts.get("UseDevelopmentStorage") == "true" or parts.get("SharedAccessSignature"):
        return True
    try:
        key = base64.b64decode(parts.get("AccountKey", ""), validate=True)
    except ValueError:
        return False
    return bool(parts.get("AccountName") and key)


def _graph(read: _Reader) -> GraphSettings:
    endpoint = read.url("GRAPH_ENDPOINT", ("https", "http")) or DEFAULT_ENDPOINT
    auth = cast(
        GraphAuth,
        read.choice("GRAPH_AUTH", ("managedIdentity", "certificate", "clientSecret"), "managedIdentity"),
    )
    own_app = auth != "managedIdentity"
    why = f"GRAPH_AUTH={auth} needs it"
    return GraphSettings(
        endpoint=endpoint,
        authority_host=read.url("AUTHORITY_HOST", ("https", "http")) or authority_host(endpoint),
        auth=auth,
        tenant_id=read.required("TENANT_ID", why) if own_app else read.optional("TENANT_ID"),
        client_id=read.required("CLIENT_ID", why) if own_app else read.optional("CLIENT_ID"),
        client_secret=read.required("CLIENT_SECRET", why) if auth == "clientSecret" else None,
        client_certificate=read.required("CLIENT_CERTIFICATE", why) if auth == "certificate" else None,
    )


def _write_limit(read: _Reader) -> Limit:
    text = read.text("GRAPH_WRITE_LIMIT", "3000/150")
    match = re.fullmatch(r"(\d{1,9})/(\d{1,6}(?:\.\d+)?)", text)
    if match is None or int(match[1]) < 1 or float(match[2]) <= 0:
        raise SettingError(
            f"Setting GRAPH_WRITE_LIMIT is {text!r}: it must be writes/seconds, such as 3000/150."
        )
    return Limit(int(match[1]), float(match[2]))


def _callback_hosts(read: _Reader) -> frozenset[str]:
    hosts = [host.strip() for host in read.text("CALLBACK_HOSTS", "").split(",") if host.strip()]
    for place, host in enumerate(hosts, 1):
        if not (_HOST.match(host) and _has_real_port(f"//{host}")):
            # Without the entry: it may be a whole callback URL, which is a secret.
            raise SettingError(
                f"Setting CALLBACK_HOSTS: entry {place} is not host or host:port; separate them by commas."
            )
    return frozenset(host.lower() for host in hosts)


def _base_url(read: _Reader) -> str | None:
    return read.url("PUBLIC_BASE_URL", ("https", "http"))


def _own_address(read: _Reader) -> str:
    """For links in what is sent without a request: the name that the platform gave the app, or the local host's."""
    name = read.text("WEBSITE_HOSTNAME", "localhost:7071")
    local = name.partition(":")[0] in ("localhost", "127.0.0.1")
    return f"{'http' if local else 'https'}://{name}"


def _notice_days(read: _Reader) -> tuple[int, ...]:
    text = read.text("EXPIRY_NOTICE_DAYS", "14,7,1")
    parts = [part.strip() for part in text.split(",")]
    if not all(re.fullmatch(r"[0-9]{1,3}", part) for part in parts):
        raise SettingError(
            f"Setting EXPIRY_NOTICE_DAYS is {text!r}: it must be days, separated by commas, such as 14,7,1."
        )
    return tuple(sorted({int(part) for part in parts}, reverse=True))
