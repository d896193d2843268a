"""Pooled connections with timeouts, and what a call without an answer means."""

from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import NewConnectionError, ReadTimeoutError

from shared.errors import PassingGraphError
from shared.sessions import SteadySession

CONNECT_SECONDS = 5.0
"""A host that takes no connection by then is away; the queue waits better than a thread."""
READ_SECONDS = 30.0
"""Graph answers or gives up (504) within about this time, and a function must end within minutes."""


class ConnectionDropped(PassingGraphError):
    """The other side ended the connection without an answer, as it may with a pooled one that stood idle."""


class _PatientAdapter(HTTPAdapter):
    """An adapter that gives every request timeouts, also those of libraries that set none."""

    def __init__(self, pool_size: int, read_seconds: float) -> None:
        super().__init__(pool_maxsize=pool_size)
        self._timeout = (CONNECT_SECONDS, read_seconds)

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:  # type: ignore[override]
        # narrower than the base on purpose: requests itself passes everything by keyword
        options["timeout"] = options.get("timeout") or self._timeout
        return super().send(request, **options)


def new_session(pool_size: int, *, read_seconds: float = READ_SECONDS) -> requests.Session:
    """A session for many threads: up to `pool_size` open connections a host, timeouts, and no cookies."""
    session = SteadySession()
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    for scheme in ("https://", "http://"):
        session.mount(scheme, _PatientAdapter(pool_size, read_seconds))
    return session


def unanswered(error: requests.RequestException) -> PassingGraphError:
    """The error for a call that got no answer. Its outcome is unknown unless nothing can have been sent."""
    if isinstance(error, requests.ConnectTimeout) or _refused(error):
        return PassingGraphError("GraphUnavailable", "Graph cannot be reached.")
    if isinstance(error, requests.Timeout) or _timed_out_reading(error):
        return PassingGraphError(
            "GraphUnavailable",
            "Graph did not answer in time.",
            outcome_unknown=True,
        )
    return ConnectionDropped(
        "GraphUnavailable",
        "The connection to Graph was lost.",
        outcome_unknown=True,
    )


def _refused(error: requests.RequestException) -> bool:
    """Whether no connection was made: refused, no route, no such name."""
    return any(isinstance(getattr(cause, "reason", cause), NewConnectionError) for cause in error.args)


def _timed_out_reading(error: requests.RequestException) -> bool:
    """Whether the answer stopped half way: requests calls that a ConnectionError."""
    return any(isinstance(cause, ReadTimeoutError) for cause in error.args)
