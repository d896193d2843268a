"""App settings: the environment, local.settings.json, and `%NAME%` in bindings."""

import hashlib
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path

from local.host.errors import HostStartError

_PLACEHOLDER = re.compile(r"%([^%]*)%")


@dataclass(frozen=True)
class LocalSettings:
    """The `Host` section of local.settings.json."""

    port: int | None = None
    address: str | None = None
    cors: tuple[str, ...] = ()
    cors_credentials: bool = False


@dataclass(frozen=True)
class HostSettings:
    """Settings of the host itself, all from the environment."""

    host_id: str
    thread_count: int | None
    queue_lease_seconds: int
    shutdown_seconds: float
    body_size_limit: int
    function_key: str | None
    master_key: str | None
    homepage_disabled: bool


def load_local_settings(app_dir: Path) -> LocalSettings:
    """Put `Values` of local.settings.json into the environment, unless set there; return its Host section.

    Raises HostStartError for a file that cannot be used."""
    try:
        content = json.loads((app_dir / "local.settings.json").read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        content = {}
    except ValueError as error:
        raise HostStartError([f"local.settings.json: not JSON: {error}"]) from None
    if not isinstance(content, dict) or not isinstance(content.get("Values", {}), dict):
        raise HostStartError(["local.settings.json: must be an object with an object Values"])
    if content.get("IsEncrypted"):
        raise HostStartError(
            ["local.settings.json: IsEncrypted must be false; only Core Tools can decrypt it"]
        )
    for name, value in content.get("Values", {}).items():
        os.environ.setdefault(name, value if isinstance(value, str) else json.dumps(value))
    # Core Tools force the environment so that development defaults hold; ours may be overridden on purpose.
    os.environ.setdefault("AZURE_FUNCTIONS_ENVIRONMENT", "Development")
    return _host_section(content.get("Host") or {})


def _host_section(section: object) -> LocalSettings:
    if not isinstance(section, dict):
        raise HostStartError(["local.settings.json: Host must be an object"])
    port = section.get("LocalHttpPort")
    if port is not None and (not isinstance(port, int) or not 0 < port < 65536):
        raise HostStartError(["local.settings.json: Host.LocalHttpPort must be a port number"])
    cors = tuple(origin.strip() for origin in str(section.get("CORS") or "").split(",") if origin.strip())
    credentials = section.get("CORSCredentials") is True
    if credentials and "*" in cors:
        raise HostStartError(["local.settings.json: Host.CORS '*' does not go with CORSCredentials"])
    return LocalSettings(port, section.get("LocalHttpAddress"), cors, credentials)


def load_host_settings(app_dir: Path) -> HostSettings:
    """Read the host's own settings. Raises HostStartError naming each wrong one."""
    faults: list[str] = []

    def integer(name: str, least: int, most: int, default: int | None) -> int | None:
        text = os.environ.get(name, "").strip()
        if not text:
            return default
        if not text.isdecimal() or not least <= int(text) <= most:
            faults.append(f"{name} must be a whole number from {least} to {most}")
            return default
        return int(text)

    configured = os.environ.get("AzureFunctionsWebHost__hostid")  # noqa: SIM112 - the platform spells it so
    host_id = configured or derived_host_id(app_dir)
    if len(host_id) > 32:
        faults.append("AzureFunctionsWebHost__hostid must have 32 characters at most")
    settings = HostSettings(
        host_id=host_id,
        thread_count=integer("PYTHON_THREADPOOL_THREAD_COUNT", 1, 1024, None),
        # A message can be hidden for seven days at most.
        queue_lease_seconds=integer("LOCAL_QUEUE_LEASE_SECONDS", 1, 7 * 86400, None) or 600,
        shutdown_seconds=integer("LOCAL_SHUTDOWN_SECONDS", 0, 3600, 8) or 0,
        body_size_limit=integer("FUNCTIONS_REQUEST_BODY_SIZE_LIMIT", 1, 2**31 - 1, None) or 104_857_600,
        function_key=os.environ.get("LOCAL_FUNCTION_KEY") or None,
        master_key=os.environ.get("LOCAL_MASTER_KEY") or None,
        homepage_disabled=is_true("AzureWebJobsDisableHomepage"),
    )
    if faults:
        raise HostStartError(faults)
    return settings


def derived_host_id(app_dir: Path) -> str:
    """A host id of 32 characters that is the same each time this folder is run, and no other folder's."""
    return hashlib.sha256(str(app_dir.resolve()).encode()).hexdigest()[:32]


def is_true(name: str) -> bool:
    """Whether .NET's bool.TryParse, which the platform uses, reads the setting as true."""
    return os.environ.get(name, "").strip().lower() == "true"


def function_is_disabled(function_name: str) -> bool:
    return is_true(f"AzureWebJobs.{function_name}.Disabled") or is_true(
        f"AzureWebJobs_{function_name}_Disabled"
    )


def resolve_placeholders(text: str) -> str:
    """`text` with each `%NAME%` replaced from the app settings. Raises KeyError with a missing name."""
    return _PLACEHOLDER.sub(lambda match: os.environ[match[1]], text)
