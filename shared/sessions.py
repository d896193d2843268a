"""HTTP sessions that do not ask the environment anew with every request."""

from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import requests


class SteadySession(requests.Session):
    """A session that looks up proxies and certificate bundles of the environment once for each origin.

    requests does so for each call, and reads every environment variable twice for it: on Azure, with about a hundred
    of them, that is half a millisecond of processor time, more than the rest of a call takes.
    """

    def __init__(self) -> None:
        super().__init__()
        self._settings_for = lru_cache(maxsize=32)(self._look_up)

    def merge_environment_settings(
        self, url: str | bytes | None, proxies: Any, stream: Any, verify: Any, cert: Any
    ) -> Any:
        """As requests does; what a caller asks for by itself is never remembered."""
        if proxies or cert is not None or not isinstance(url, str):
            return dict(super().merge_environment_settings(url, proxies, stream, verify, cert))
        parts = urlsplit(url)
        settings = self._settings_for(f"{parts.scheme}://{parts.netloc}/", stream, verify)
        return {**settings, "proxies": dict(settings["proxies"])}

    def _look_up(self, origin: str, stream: bool | None, verify: bool | str | None) -> dict[str, Any]:
        return dict(super().merge_environment_settings(origin, {}, stream, verify, None))
