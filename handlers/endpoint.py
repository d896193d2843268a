"""The one way into every HTTP function: who calls, may they, is the request well formed; then the handler.

The order of the checks is part of the contract: sign-in, origin, role, size, media type, form. The rest
(replay of an idempotency key, rate, faults, state) follows in the handler, through what `RequestContext`
offers.
"""

import hmac
import logging
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import azure.functions as func

from handlers.responses import Answer, error_answer, http_response
from shared.api import cursor
from shared.api.bodies import EventName
from shared.api.faults import invalid
from shared.api.fields import is_guid
from shared.api.json_body import check_size
from shared.api.other_bodies import (
    GrantTerm,
    SubscriptionRequest,
    parse_grant_change,
    parse_group_ids,
    parse_receiver,
    parse_subscription,
    read_nothing,
)
from shared.api.query import Query, read_query
from shared.api.routes import BY_NAME, Access, Route, Takes
from shared.api.rules import Limits
from shared.api.submission import KEY_HEADER, Submission, only_reads, read_submission, read_undo
from shared.api.urls import Urls
from shared.errors import Fault, NotFound, Unauthenticated, UnsupportedMediaType
from shared.models import Caller, JobView
from shared.principal import AuthMode, Principal, Role, caller_of, check_origin, require

_log = logging.getLogger(__name__)

_GZIP = re.compile(r"gzip(;q=(1(\.0*)?|0?\.\d*[1-9]\d*))?")
"""A coding of Accept-Encoding that lets gzip through: without a weight, or with one above 0."""

_SIGN_IN = "Sign in, or use the wait URL as it was given, with its token."


@dataclass(frozen=True, slots=True)
class EndpointSettings:
    """`platform_auth_on`: WEBSITE_AUTH_ENABLED, as the platform sets it. `public_base_url`: None to go by
    Host.
    """

    auth_mode: AuthMode
    platform_auth_on: bool
    public_base_url: str | None = None


class RequestContext:
    """A request that has passed the door."""

    def __init__(
        self,
        route: Route,
        request: func.HttpRequest,
        principal: Principal | None,
        urls: Urls,
        request_id: str,
    ) -> None:
        self.route = route
        self.urls = urls
        self.request_id = request_id
        self.query, self._faults = _query(route, request)
        self._request = request
        self._principal = principal
        self._admitted = route.access is not Access.TOKEN

    @property
    def caller(self) -> Caller:
        return self._signed_in.caller

    @property
    def id(self) -> str:
        """The `{id}` of the path, in lower case.

        Raises:
            NotFound: it is no GUID, so there is nothing of that id.
        """
        text = str(self._request.route_params.get("id", ""))
        if not is_guid(text):
            raise NotFound("There is nothing with this ID.", code=self.route.not_found, target="id")
        return text.lower()

    @property
    def cursor(self) -> dict[str, Any] | None:
        """Where the list goes on, None on the first page. Raises InvalidRequest for rubbish."""
        return cursor.decode(self._list, self.query.cursor) if self.query.cursor else None

    def cursor_text(self, name: str) -> str | None:
        """A text of the cursor, None on the first page. Raises InvalidRequest for rubbish."""
        return cursor.text(self.cursor, name)

    @property
    def accepts_gzip(self) -> bool:
        """Whether the caller takes an answer that is compressed."""
        codings = str(self._request.headers.get("accept-encoding", "")).lower().replace(" ", "").split(",")
        return any(_GZIP.fullmatch(coding) for coding in codings)

    def next_link(self, state: dict[str, Any]) -> str:
        """The URL of the next page, with the filters of this one; `state` comes back in `cursor`."""
        path = urlsplit(self._request.url).path
        return self.urls.next_page(path, self.query.given, cursor.encode(self._list, state))

    def require(self, role: Role) -> None:
        """Raises RoleMissing unless the caller has `role`."""
        require(self._signed_in, role)

    def require_to_cancel(self, job: JobView) -> None:
        """Readers may cancel their own dry runs and downloads. Raises RoleMissing."""
        if not (only_reads(job.request) and job.created_by.key == self.caller.key):
            self.require(Role.MANAGE)

    def admit(self, wait_token: str) -> None:
        """The check of the wait URL: its token, or a reader's sign-in.

        Raises:
            Unauthenticated: neither.
            RoleMissing: signed in without a role.
            InvalidRequest: let in, but the query has faults.
        """
        token = self._request.params.get("t", "")
        if not hmac.compare_digest(token.encode("utf-8", "replace"), wait_token.encode()):
            if self._principal is None:
                raise Unauthenticated(_SIGN_IN)
            require(self._principal, Role.READ)
        self._admitted = True
        if self._faults:
            raise invalid(self._faults)

    @property
    def admitted(self) -> bool:
        return self._admitted

    @property
    def anonymous(self) -> bool:
        return self._principal is None

    def submission(self, limits: Limits) -> Submission:
        """The body of POST /jobs. Raises RoleMissing where a reader asks for more than reading."""
        return self._allowed(
            read_submission(
                self._body, limits, key_header=self._key, chunked=self._chunked, faults=self._faults
            )
        )

    def undo(self) -> Submission:
        """The body of an undo of the job of this path; as `submission`."""
        return self._allowed(
            read_undo(self._body, self.id, key_header=self._key, chunked=self._chunked, faults=self._faults)
        )

    def grant_term(self, now: datetime) -> GrantTerm:
        return parse_grant_change(self._body, now, chunked=self._chunked, faults=self._faults)

    def subscription(self, callback_hosts: frozenset[str]) -> SubscriptionRequest:
        return parse_subscription(self._body, callback_hosts, chunked=self._chunked, faults=self._faults)

    def receiver(self, event: EventName, callback_hosts: frozenset[str]) -> SubscriptionRequest:
        return parse_receiver(self._body, event, callback_hosts, chunked=self._chunked, faults=self._faults)

    def group_ids(self) -> tuple[str, ...]:
        return parse_group_ids(self._body, chunked=self._chunked, faults=self._faults)

    def _allowed(self, submission: Submission) -> Submission:
        if submission.changes:
            self.require(Role.MANAGE)
        return submission

    @property
    def _list(self) -> str:
        """What a cursor belongs to: one of a group's members goes on with no other group's."""
        of = str(self._request.route_params.get("id", "")).lower()
        return f"{self.route.name} {of}" if of else self.route.name

    @property
    def _signed_in(self) -> Principal:
        if self._principal is None:
            raise Unauthenticated(_SIGN_IN)
        return self._principal

    @property
    def _body(self) -> bytes:
        return self._request.get_body()

    @property
    def _chunked(self) -> bool:
        return "transfer-encoding" in self._request.headers

    @property
    def _key(self) -> str | None:
        key: str | None = self._request.headers.get(KEY_HEADER)
        return key


Handler = Callable[[RequestContext], Answer]


def endpoint(
    route_name: str, handler: Handler, settings: EndpointSettings
) -> Callable[[func.HttpRequest], func.HttpResponse]:
    """The function to bind to a route of `shared.api.routes`.

    Raises:
        KeyError: no such route; what is not in the table is not served.
    """
    route = BY_NAME[route_name]

    def call(req: func.HttpRequest) -> func.HttpResponse:
        request_id, began = str(uuid4()), time.monotonic()
        try:
            answer = _handled(route, handler, settings, req, request_id)
        except Exception as error:  # the last line: nothing may leave as a bare 500
            answer = error_answer(error, request_id)
        # Not the URL: it may hold a key or a wait token.
        _log.info(
            "%s answered %d in %d ms, request %s",
            route.name,
            answer.status,
            (time.monotonic() - began) * 1000,
            request_id,
        )
        return http_response(answer, request_id)

    return call


def _handled(
    route: Route, handler: Handler, settings: EndpointSettings, request: func.HttpRequest, request_id: str
) -> Answer:
    urls = Urls(_base_url(settings, request))
    principal = _principal(route, settings, request.headers)
    check_origin(request.method, request.headers, urls.base)
    _check_role(route, principal)
    check_size(request.get_body())
    _check_media_type(request)
    context = RequestContext(route, request, principal, urls, request_id)
    try:
        answer = handler(context)
    except NotFound:
        if context.admitted or not context.anonymous:
            raise
        raise Unauthenticated(_SIGN_IN) from None  # a stranger does not learn which jobs there are
    if not context.admitted:
        raise Unauthenticated(_SIGN_IN)
    return answer


def _base_url(settings: EndpointSettings, request: func.HttpRequest) -> str:
    if settings.public_base_url:
        return settings.public_base_url
    parts = urlsplit(request.url)
    return f"{parts.scheme}://{parts.netloc}"


def _principal(route: Route, settings: EndpointSettings, headers: Mapping[str, str]) -> Principal | None:
    """Who calls. None on anonymous routes, and on the wait route where nobody is signed in.

    With function keys the host lets the wait route pass without one, so there only the token counts.
    """
    if route.access is Access.ANONYMOUS:
        return None
    if route.access is not Access.TOKEN:
        return caller_of(headers, settings.auth_mode, settings.platform_auth_on)
    if settings.auth_mode == "key":
        return None
    try:
        return caller_of(headers, settings.auth_mode, settings.platform_auth_on)
    except Unauthenticated:
        return None


def _check_role(route: Route, principal: Principal | None) -> None:
    if route.access in (Access.ANONYMOUS, Access.TOKEN):
        return
    if principal is None:
        raise Unauthenticated(_SIGN_IN)
    require(principal, Role.MANAGE if route.access is Access.MANAGE else Role.READ)


def _check_media_type(request: func.HttpRequest) -> None:
    """A body must say that it is JSON; a text of another encoding than UTF-8 is none.

    Raises:
        UnsupportedMediaType: it does not.
    """
    if request.method == "GET" or not request.get_body():
        return
    media_type, *parameters = request.headers.get("content-type", "").lower().split(";")
    charsets = {
        value.strip().removeprefix("charset=").strip('"') for value in parameters if "charset=" in value
    }
    if media_type.strip() != "application/json" or not charsets <= {"utf-8"}:
        raise UnsupportedMediaType(
            "Send the body as JSON, with Content-Type: application/json.", target="Content-Type"
        )


def _query(route: Route, request: func.HttpRequest) -> tuple[Query, tuple[Fault, ...]]:
    """The query, and its faults where they have to wait: for those of a body, or for the wait URL's token."""
    found, faults = read_query(request.params, route.parameters)
    if route.takes is not Takes.NOTHING or route.access is Access.TOKEN:
        return found, faults
    if request.method == "GET":
        if faults:
            raise invalid(faults)
    else:
        read_nothing(request.get_body(), faults)
    return found, ()
