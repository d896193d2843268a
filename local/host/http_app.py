"""The HTTP side of the host, as an ASGI application.

Order on Azure, kept here: admin and platform addresses, then the first route in alphabetical order of the
function names (404), the key (401), disabled (404 but for the master key), then the call.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from typing import Any

from local.host.admin import Admin
from local.host.auth_pages import AuthPages
from local.host.easy_auth import auth_is_enabled, has_principal, strip_principal
from local.host.functions import Function, HttpTrigger
from local.host.http_messages import (
    Answer,
    EncodingError,
    build_request,
    encode_result,
    join_headers,
    parse_query,
)
from local.host.invocation import FunctionFailedError
from local.host.keys import Keys
from local.host.output_bindings import FunctionRunner
from local.host.request_body import BodyTooLargeError, ClientGoneError, read_body
from local.host.routes import decode_path

logger = logging.getLogger("host.http")

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_NOT_RUNNING = Answer(503, (("content-type", "text/plain"),), b"Function host is not running.")
_HOME_PAGE = (
    b'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Local Functions host</title></head>'
    b"<body><h1>The local Functions host is up and running.</h1></body></html>"
)


class HttpApp:
    """`stopping` is set when the host ends: from then on every request gets 503."""

    def __init__(
        self,
        functions: Sequence[Function],
        runner: FunctionRunner,
        keys: Keys,
        admin: Admin,
        auth_pages: AuthPages | None,
        *,
        body_limit: int,
        custom_headers: Mapping[str, str],
        homepage_disabled: bool,
    ) -> None:
        self._routed = [
            (function, function.trigger)
            for function in functions
            if isinstance(function.trigger, HttpTrigger)
        ]
        self._runner = runner
        self._keys = keys
        self._admin = admin
        self._auth_pages = auth_pages
        self._auth_enabled = auth_is_enabled()
        self._body_limit = body_limit
        self._custom_headers = tuple(custom_headers.items())
        self._homepage_disabled = homepage_disabled
        self.stopping = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            answer = _NOT_RUNNING if self.stopping else await self._answer(scope, receive)
        except BodyTooLargeError:
            answer = Answer(413, (("connection", "close"),))
        except ClientGoneError:
            return
        await self._send(answer, send)

    async def _answer(self, scope: Scope, receive: Receive) -> Answer:
        headers = join_headers(scope["headers"])
        raw_path = scope["raw_path"].decode("latin-1")
        query = scope["query_string"].decode("latin-1")
        params = parse_query(query)
        path = decode_path(raw_path)
        first = path.partition("/")[0].lower()
        if first == "admin":
            if not self._keys.allow_admin(headers, params):
                return Answer(401)
            return await self._admin.answer(scope["method"], path, await self._body(headers, receive))
        if first == ".auth" and self._auth_pages is not None:
            body = await self._body(headers, receive)
            return self._auth_pages.answer(scope["method"], raw_path, query, headers, body)
        found = self._find(scope["method"], path)
        if found is None:
            return self._miss(path)
        function, trigger, values = found
        if not self._keys.allow(trigger.auth_level, headers, params):
            return Answer(401)
        if function.disabled and not self._keys.is_master(headers, params):
            return Answer(404)
        request = build_request(
            method=scope["method"],
            scheme=scope["scheme"],
            target=f"{raw_path}?{query}" if query else raw_path,
            headers=self._authenticated(headers),
            params=params,
            route_params=values,
            body=await self._body(headers, receive),
        )
        return await self._call(function, request)

    def _find(self, method: str, path: str) -> tuple[Function, HttpTrigger, dict[str, str]] | None:
        for function, trigger in self._routed:
            if trigger.methods is None or method in trigger.methods:
                values = trigger.route.match(path)
                if values is not None:
                    return function, trigger, values
        return None

    def _miss(self, path: str) -> Answer:
        if path:
            return Answer(404)
        if self._homepage_disabled:
            return Answer(204)
        return Answer(200, (("content-type", "text/html"),), _HOME_PAGE)

    def _authenticated(self, headers: dict[str, str]) -> dict[str, str]:
        if not self._auth_enabled:
            return strip_principal(headers)
        if self._auth_pages is None or has_principal(headers):
            return headers
        person = self._auth_pages.person(headers)
        return {**strip_principal(headers), **(person.headers() if person else {})}

    async def _body(self, headers: Mapping[str, str], receive: Receive) -> bytes:
        return await read_body(headers, receive, self._body_limit)

    async def _call(self, function: Function, request: Any) -> Answer:
        try:
            return encode_result(await self._runner.run(function, request))
        except FunctionFailedError:
            return Answer(500)  # in the log already, and nowhere else
        except EncodingError as error:
            logger.error("%s: %s", function.name, error)  # noqa: TRY400 - the trace would show the host only
        except Exception:
            logger.exception("%s failed outside the function", function.name)
        return Answer(500)

    async def _send(self, answer: Answer, send: Send) -> None:
        headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in answer.headers]
        headers.extend((name.lower().encode(), value.encode()) for name, value in self._custom_headers)
        if not answer.body and answer.status not in (204, 304):
            headers.append((b"content-length", b"0"))
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})
