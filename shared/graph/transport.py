"""One HTTP call to Graph: token, timeouts, pooled connections, request ids, counts.

Nothing here sleeps, and nothing is sent twice that may have changed something.
"""

import json
import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum, unique
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.exceptions import NewConnectionError, ReadTimeoutError

from shared.errors import LastingGraphError, PassingGraphError
from shared.graph import clouds
from shared.graph.credentials import TokenSource
from shared.graph.errors import Operation, error_from

logger = logging.getLogger(__name__)

CONNECT_SECONDS = 5.0
"""A host that takes no connection by then is away; the queue waits better than a thread."""
READ_SECONDS = 30.0
"""Graph answers or gives up (504) within about this time; the function must end within minutes."""
USER_AGENT = "NONISV|LicenseManagement|LicenseManagementM365/0.1"
"""The form that SharePoint asks for, so that it sheds undecorated traffic first (its throttling guidance)."""

Json = dict[str, Any]


@unique
class Priority(StrEnum):
    """`x-ms-throttle-priority`: what Graph sheds first near a limit. It does not change the limits.

    LOW for jobs, which wait in the queue with nobody watching; NORMAL where a person or a flow waits for the
    answer. Source: https://learn.microsoft.com/graph/throttling-limits.
    """

    LOW = "Low"
    NORMAL = "Normal"


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer of Graph. `body` is the JSON value, None where there is none."""

    status: int
    body: Any
    headers: Mapping[str, str]
    request_id: str | None

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class Counts:
    """Since the process started: HTTP calls, requests refused with 429 (each of a batch), calls without answer."""

    calls: int = 0
    throttled: int = 0
    unanswered: int = 0


class _Bearer(AuthBase):
    """The token, given as `auth` so that a netrc file cannot take its place."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def _is_unauthorized(answer: Answer) -> bool:
    return answer.status == 401


class Transport:
    """Calls to one Graph endpoint. Thread safe; one for the process.

    `pool_size` is how many connections are kept open: as many as calls are made at once.
    """

    def __init__(self, endpoint: str, tokens: TokenSource, *, pool_size: int = 16) -> None:
        self._endpoint = endpoint.rstrip("/")
        self._origin = clouds.origin(endpoint)
        self._tokens = tokens
        self._session = _new_session(pool_size)
        self._counts = Counts()
        self._counting = threading.Lock()

    @property
    def counts(self) -> Counts:
        """A snapshot for metrics."""
        with self._counting:
            return self._counts

    def count(self, *, calls: int = 0, throttled: int = 0, unanswered: int = 0) -> None:
        """Add to the counts."""
        with self._counting:
            now = self._counts
            self._counts = replace(
                now,
                calls=now.calls + calls,
                throttled=now.throttled + throttled,
                unanswered=now.unanswered + unanswered,
            )

    def close(self) -> None:
        """Close the pooled connections."""
        self._session.close()

    def get(
        self,
        operation: Operation,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        priority: Priority = Priority.NORMAL,
    ) -> Json:
        """The JSON object at a path below the endpoint, or at a next link that `own_link` approved.

        Raises:
            GraphError: mapped from the answer, or passing where none came.
        """
        answer = self.request("GET", path, params=params, headers=headers, priority=priority, repeatable=True)
        if not answer.ok:
            raise error_from(operation, answer.status, answer.body, answer.headers, request_id=answer.request_id)
        if not isinstance(answer.body, dict):
            raise _unreadable(answer)
        return answer.body

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        priority: Priority = Priority.NORMAL,
        repeatable: bool = False,
        is_unauthorized: Callable[[Answer], bool] = _is_unauthorized,
    ) -> Answer:
        """Send and read one call; an answer of any status is returned.

        A token that Graph refuses is renewed once and the call repeated, since a refused call did nothing;
        `is_unauthorized` tells by the answer. With `repeatable` (reads only) a call on a connection that was
        dropped is repeated once.

        Raises:
            PassingGraphError: no answer came, or none that can be read; no token was to be had.
        """
        url = path if path.startswith(self._origin) else self._endpoint + path
        prepared = {
            "x-ms-throttle-priority": priority.value,
            **({"Content-Type": "application/json"} if body is not None else {}),
            **(headers or {}),
        }
        data = None if body is None else json.dumps(body, separators=(",", ":")).encode()

        def send(token: str) -> Answer:
            return self._send_on_live_connection(
                method, url, token, params=params, data=data, headers=prepared, repeatable=repeatable
            )

        token = self._tokens.token()
        answer = send(token)
        if is_unauthorized(answer):
            answer = send(self._tokens.refresh(token))
        return answer

    def own_link(self, link: str, under: str) -> str:
        """The link, if it stays at our endpoint's origin and at or below the path `under` (`/groups`).

        A next link carries our token, so none leads elsewhere.

        Raises:
            LastingGraphError: it leads elsewhere.
        """
        allowed = urlsplit(self._endpoint).path + under
        try:
            ours = clouds.origin(link) == self._origin
        except ValueError:
            ours = False
        path = urlsplit(link).path if ours else ""
        inside = path == allowed or path.startswith((allowed + "/", allowed + "("))
        if not inside or "/../" in path or "%" in path:
            raise LastingGraphError("Unexpected", "The link to the next page leads away from Graph. Begin the list anew.")
        return link

    def _send_on_live_connection(self, method: str, url: str, token: str, *, repeatable: bool, **call: Any) -> Answer:
        try:
            return self._send(method, url, token, **call)
        except PassingGraphError as error:
            if not (repeatable and isinstance(error.__cause__, requests.ConnectionError | requests.exceptions.ChunkedEncodingError)):
                raise
            if not error.outcome_unknown or _timed_out(error.__cause__):
                raise
            logger.debug("Graph dropped the connection; the read is repeated once")
            return self._send(method, url, token, **call)
