"""host.json, as far as a local host can honour it.

Honoured: `functionTimeout`, `logging.logLevel.default`, `extensions.http` (routePrefix, customHeaders) and
`extensions.queues`. Everything else is for the platform and is left alone.
"""

import json
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local.host.errors import HostStartError
from local.host.timespan import parse_timespan

_LEVELS = {
    "trace": logging.DEBUG,
    "debug": logging.DEBUG,
    "information": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
    "critical": logging.CRITICAL,
    "none": logging.CRITICAL + 1,
}
_DEFAULT_TIMEOUT = 30 * 60.0


@dataclass(frozen=True)
class HttpOptions:
    route_prefix: str = "api"
    custom_headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class QueueOptions:
    """`extensions.queues`; times in seconds. On an instance batch_size + new_batch_threshold messages of each
    queue function run at once."""

    batch_size: int = 16
    new_batch_threshold: int = 8
    max_polling_interval: float = 60.0
    visibility_timeout: float = 0.0
    max_dequeue_count: int = 5
    base64: bool = True


@dataclass(frozen=True)
class HostJson:
    http: HttpOptions = field(default_factory=HttpOptions)
    queues: QueueOptions = field(default_factory=QueueOptions)
    function_timeout: float | None = _DEFAULT_TIMEOUT  # seconds; None: no limit
    log_level: int = logging.INFO


class _Section:
    """A section of the file, read with the setting's full name in every complaint."""

    def __init__(self, name: str, values: object, faults: list[str]) -> None:
        self.name = name
        self.faults = faults
        self.values: dict[str, Any] = values if isinstance(values, dict) else {}
        if values is not None and not isinstance(values, dict):
            faults.append(f"host.json: {name} must be an object")

    def integer(self, key: str, low: int, high: int, default: int) -> int:
        value = self.values.get(key, default)
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            self.faults.append(f"host.json: {self.name}.{key} must be an integer from {low} to {high}")
            return default
        return value

    def seconds(self, key: str, least: float, default: float) -> float:
        value = self.values.get(key)
        if value is None:
            return default
        try:
            seconds = parse_timespan(str(value)).total_seconds()
        except ValueError:
            seconds = -1.0
        if seconds < least:
            self.faults.append(
                f"host.json: {self.name}.{key} must be a time span (hh:mm:ss) of at least {least} s"
            )
            return default
        return seconds


def load_host_json(app_dir: Path) -> HostJson:
    """Read host.json. Raises HostStartError naming each wrong setting."""
    path = app_dir / "host.json"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise HostStartError([f"host.json: there is none in {app_dir}"]) from None
    except ValueError as error:
        raise HostStartError([f"host.json: not JSON: {error}"]) from None
    faults: list[str] = []
    root = _Section("host.json", content, faults)
    extensions = _Section("extensions", root.values.get("extensions"), faults)
    loaded = HostJson(
        http=_http_options(_Section("extensions.http", extensions.values.get("http"), faults)),
        queues=_queue_options(_Section("extensions.queues", extensions.values.get("queues"), faults)),
        function_timeout=_function_timeout(root),
        log_level=_log_level(_Section("logging", root.values.get("logging"), faults)),
    )
    if faults:
        raise HostStartError(faults)
    return loaded


def _http_options(section: _Section) -> HttpOptions:
    prefix = section.values.get("routePrefix", "api")
    headers = section.values.get("customHeaders") or {}
    if not isinstance(prefix, str):
        section.faults.append("host.json: extensions.http.routePrefix must be text")
        prefix = ""
    if not isinstance(headers, dict) or not all(isinstance(value, str) for value in headers.values()):
        section.faults.append("host.json: extensions.http.customHeaders must map names to text")
        headers = {}
    return HttpOptions(prefix.strip("/"), headers)


def _queue_options(section: _Section) -> QueueOptions:
    batch_size = section.integer("batchSize", 1, 32, 16)
    default_threshold = batch_size // 2 * (os.cpu_count() or 1)
    development = os.environ.get("AZURE_FUNCTIONS_ENVIRONMENT", "").lower() == "development"
    encoding = section.values.get("messageEncoding", "base64")
    if not isinstance(encoding, str) or encoding.lower() not in ("base64", "none"):
        section.faults.append("host.json: extensions.queues.messageEncoding must be base64 or none")
        encoding = "base64"
    return QueueOptions(
        batch_size=batch_size,
        new_batch_threshold=section.integer("newBatchThreshold", 0, 2**31 - 1, default_threshold),
        max_polling_interval=section.seconds("maxPollingInterval", 0.1, 2.0 if development else 60.0),
        visibility_timeout=section.seconds("visibilityTimeout", 0.0, 0.0),
        max_dequeue_count=section.integer("maxDequeueCount", 1, 2**31 - 1, 5),
        base64=encoding.lower() == "base64",
    )


def _function_timeout(root: _Section) -> float | None:
    value = root.values.get("functionTimeout")
    if value in (-1, "-1", "-00:00:01"):
        return None
    return root.seconds("functionTimeout", 1.0, _DEFAULT_TIMEOUT)


def _log_level(section: _Section) -> int:
    levels = section.values.get("logLevel") or {}
    name = levels.get("default", "Information") if isinstance(levels, dict) else ""
    if str(name).lower() not in _LEVELS:
        section.faults.append(f"host.json: logging.logLevel.default must be one of {', '.join(_LEVELS)}")
        return logging.INFO
    return _LEVELS[str(name).lower()]
