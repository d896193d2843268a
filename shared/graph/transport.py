"""One HTTP call to Graph: token, pooled connections, request ids, counts.

Nothing here sleeps, and nothing is sent twice that may have changed something.
"""

import json
import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum, unique
from typing import Any, TypeVar
from urllib.parse import urlsplit
from uuid import uuid4

import requests
from requests.auth import AuthBase

from shared.errors import PassingGraphError
from shared.graph import clouds
from shared.graph.connections import READ_SECONDS, ConnectionDropped, new_session, unanswered
from shared.graph.credentials import TokenSource
from shared.graph.errors import Operation, StrayLink, error_from

logger = logging.getLogger(__name__)

USER_AGENT = "NONISV|LicenseManagement|LicenseManagementM365/0.1"
"""The form that SharePoint asks for; it sheds undecorated traffic first (its throttling guidance)."""

Json = dict[str, Any]
T = TypeVar("T")

_UNREADABLE = "Graph's answer could not be read."


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
    """Since the process started: HTTP calls, 429s (each of a batch), calls that got no answer."""

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

    `pool_size` is how many connections are kept open: as many as calls are made at once;
    `read_seconds` how long Graph may keep silent.
    """

    def __init__(
        self, endpoint: str, tokens: TokenSource, *, pool_size: int = 16, read_seconds: float = READ_SECONDS
    ) -> None:
        self._endpoint = endpoint.rstrip("/")
        self._origin = clouds.origin(endpoint)
        self._tokens = tokens
        self._session = new_session(pool_size, read_seconds=read_seconds)
        self._session.headers["User-Agent"] = USER_AGENT
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
        """The JSON object at a path below the endpoint, or at a link that `own_link` let through.

        Raises:
            GraphError: mapped from the answer, or passing where none came.
        """
        answer = self.request("GET", path, params=params, headers=headers, priority=priority, repeatable=True)
        if not answer.ok:
            raise error_from(
                operation, answer.status, answer.body, answer.headers, request_id=answer.request_id
            )
        if not isinstance(answer.body, dict):
            raise unreadable(answer)
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
        """Make one call; an answer of any status is returned.

        A token that Graph refuses is renewed once and the call repeated, since a refused call did nothing;
        `is_unauthorized` tells by the answer. With `repeatable` (reads only) a call whose connection was
        dropped is repeated once.

        Raises:
            PassingGraphError: no answer came, or none that can be read; no token was to be had.
        """
        call = requests.Request(
            method,
            path if path.startswith(self._origin) else self._endpoint + path,
            params=params,
            data=None if body is None else json.dumps(body, separators=(",", ":")).encode(),
            headers=_headers(priority, body, headers),
        )
        token = self._tokens.token()
        answer = self._send(call, token, repeatable=repeatable)
        if is_unauthorized(answer):
            logger.info("Graph refused the token; the call is repeated with a new one")
            answer = self._send(call, self._tokens.refresh(token), repeatable=repeatable)
        return answer

    def own_link(self, link: str, under: str) -> str:
        """The link, if it stays at our endpoint's origin and at or below the path `under` (`/groups`).

        Our token goes with a next link, and a cursor of ours that holds one comes back from outside.

        Raises:
            StrayLink: it leads elsewhere.
        """
        allowed = (urlsplit(self._endpoint).path + under).lower()
        try:
            ours = link.startswith(self._origin) and clouds.origin(link) == self._origin
            path = urlsplit(link).path.lower() if ours else ""
        except ValueError:  # no URL at all
            path = ""
        inside = path == allowed or path.startswith(allowed + "/")
        if not inside or ".." in path or "%" in path or "\\" in path:
            raise StrayLink()
        return link

    def _send(self, call: requests.Request, token: str, *, repeatable: bool) -> Answer:
        try:
            return self._send_once(call, token)
        except ConnectionDropped:
            if not repeatable:
                raise
            logger.debug("Graph dropped the connection; the read is repeated once")
            return self._send_once(call, token)

    def _send_once(self, call: requests.Request, token: str) -> Answer:
        call.auth = _Bearer(token)
        call.headers["client-request-id"] = str(uuid4())
        prepared = self._session.prepare_request(call)
        settings = self._session.merge_environment_settings(prepared.url, {}, None, None, None)
        began = time.monotonic()
        self.count(calls=1)
        try:
            response = self._session.send(prepared, allow_redirects=False, **settings)
        except requests.RequestException as error:
            self.count(unanswered=1)
            logger.debug("%s %s: %s", call.method, _path(call.url), type(error).__name__)
            raise unanswered(error) from error
        answer = _read(response)
        self.count(throttled=int(answer.status == 429))
        logger.log(
            logging.WARNING if answer.status in (401, 403) else logging.DEBUG,
            "Graph answered %d to %s %s in %.3f s, request-id %s",
            answer.status,
            call.method,
            _path(call.url),
            time.monotonic() - began,
            answer.request_id,
        )
        return answer


def unreadable(answer: Answer) -> PassingGraphError:
    """The error for a success whose body makes no sense: what it did is unknown."""
    return PassingGraphError(
        "GraphUnavailable",
        _UNREADABLE,
        status=answer.status,
        graph_request_id=answer.request_id,
        outcome_unknown=True,
    )


def parsed(parse: Callable[[Any], T], body: Any) -> T:
    """What `parse` makes of a successful answer's JSON.

    Raises:
        PassingGraphError: the JSON does not have the form that Graph documents.
    """
    try:
        return parse(body)
    except (LookupError, TypeError, AttributeError, ValueError) as error:
        raise PassingGraphError("GraphUnavailable", _UNREADABLE, status=200) from error


def _headers(priority: Priority, body: object, more: Mapping[str, str] | None) -> dict[str, str]:
    content = {"Content-Type": "application/json"} if body is not None else {}
    return {"x-ms-throttle-priority": priority.value, **content, **(more or {})}


def _path(url: str | None) -> str:
    return urlsplit(url or "").path


def _read(response: requests.Response) -> Answer:
    request_id = response.headers.get("request-id")
    body = None
    if response.content:
        try:
            body = json.loads(response.content)
        except ValueError as error:  # also bytes that are no text
            if response.ok:
                raise unreadable(Answer(response.status_code, None, response.headers, request_id)) from error
    return Answer(response.status_code, body, response.headers, request_id)
