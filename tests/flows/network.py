"""The way between the platform and the app, with faults at the moments that matter."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import requests

from tests.support.principals import FLOW

When = Literal["before", "after", "lost", "refused"]


@dataclass
class Fault:
    """Hits the requests number `skip + 1` to `skip + times` of those that match.

    before: 503, the app never sees it; after: carried out, but the answer is 503; lost: carried out, no answer;
    refused: no connection. `first` is done before the request's answer is taken away.
    """

    when: When
    method: str
    path: str
    times: int = 1
    skip: int = 0
    status: int = 503
    first: Callable[[], None] = field(default=lambda: None)
    hits: int = 0

    def strikes(self, method: str, url: str) -> bool:
        if method != self.method or not re.search(self.path, url):
            return False
        if self.skip:
            self.skip -= 1
            return False
        self.hits += 1
        return self.hits <= self.times


class Network:
    """Sends what the engine sends; `sent` are the requests that reached the app. `authority`: who vouches for Teams."""

    def __init__(self, *faults: Fault, authority: str | None = None) -> None:
        self.faults = faults
        self.sent: list[tuple[str, str]] = []
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = authority or True

    def send(
        self, method: str, url: str, headers: dict[str, str], body: Any, *, signed_in: bool, timeout: float
    ) -> requests.Response:
        """Raises requests.ConnectionError or Timeout."""
        fault = next((fault for fault in self.faults if fault.strikes(method, url)), None)
        if fault is not None and fault.when == "before":
            return _unavailable(fault.status)
        if fault is not None and fault.when == "refused":
            raise requests.ConnectionError("refused")
        principal = FLOW.headers() if signed_in else {}  # what the platform makes of the flow's token
        self.sent.append((method, url))
        answer = self._session.request(
            method, url, headers=headers | principal, json=body, timeout=timeout, allow_redirects=False
        )
        if fault is None:
            return answer
        fault.first()
        if fault.when == "lost":
            raise requests.ConnectionError("the answer was lost")
        return _unavailable(fault.status)


def _unavailable(status: int) -> requests.Response:
    """From something between the two, which knows nothing of the app's JSON."""
    answer = requests.Response()
    answer.status_code = status
    answer.headers["Retry-After"] = "1"
    answer._content = b"<html>Service unavailable</html>"
    return answer
