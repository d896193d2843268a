"""The simulator as an ASGI application: HTTP in, HTTP out, and the faults that belong to the connection.

A plain ASGI callable rather than a framework: thousands of requests a second share two cores with the app under test.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from local.graph import control, uploads
from local.graph.batch import run_batch
from local.graph.clock import Clock, SystemClock
from local.graph.faults import Fault
from local.graph.group_licensing import process_due
from local.graph.messages import GraphError, Refusal
from local.graph.model import new_guid
from local.graph.request import Answer, GraphRequest
from local.graph.service import error_answer, fault_answer, perform
from local.graph.simulator import Simulator
from local.graph.tenant import make_tenant
from local.graph.tokens import Reply, client_credentials, managed_identity, openid_configuration

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

VERSION = "/v1.0"
DEFAULT_SECRET = "simulator-secret"  # noqa: S105 -- made up; it opens nothing but made-up data
DROP = "graph.simulator.drop"
_JSON = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
_AGS = json.dumps(
    {
        "ServerInfo": {
            "DataCenter": "Germany West Central",
            "Slice": "E",
            "Ring": "4",
            "ScaleUnit": "003",
            "RoleInstance": "FR3PEPF00000001",
        }
    }
)


class GraphApp:
    """Serves Graph under `/v1.0`, tokens, upload sessions, and the tests' controls under `/_control`."""

    def __init__(
        self,
        tenant: str = "default",
        seed: int = 1,
        secret: str = DEFAULT_SECRET,
        clock: Clock | None = None,
    ) -> None:
        self.clock = clock or SystemClock()
        self.secret = secret
        self.reset(tenant, seed)

    def reset(self, tenant: str, seed: int) -> None:
        """Start afresh with a new tenant; running calls finish with the old one."""
        self.simulator = Simulator(make_tenant(tenant, seed), self.clock, self.secret)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        path: str = scope["raw_path"].decode("ascii", "replace")
        body = await _read_body(receive)
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        if path.startswith(f"{VERSION}/"):
            await self._graph(scope, path.removeprefix(VERSION), headers, body, receive, send)
        elif path.startswith("/_control/"):
            query = scope["query_string"].decode("ascii")
            status, reply, kind = control.handle(
                self, scope["method"], path.removeprefix("/_control"), query, body
            )
            await _send(send, status, reply, {"content-type": kind})
        elif path.startswith("/_upload/"):
            status, reply = uploads.handle(
                self.simulator, scope["method"], path.removeprefix("/_upload/"), headers, body
            )
            await _send(send, status, reply, {"content-type": "application/json"})
        else:
            status, document = self._tokens(scope, path, headers, body)
            await _send(send, status, json.dumps(document).encode(), {"content-type": "application/json"})

    # -- Graph

    async def _graph(
        self, scope: Scope, path: str, headers: dict[str, str], body: bytes, receive: Receive, send: Send
    ) -> None:
        sim = self.simulator
        delay = sim.latency + (sim.jitter * sim.tenant.rng.random() if sim.jitter else 0.0)
        sim.stats.begin_call()
        try:
            if delay:
                await asyncio.sleep(delay / 2)
            request = self._request(sim, scope, path, headers, body)
            answer = answer_call(sim, request)
            if delay:
                await asyncio.sleep(delay / 2)
            if answer.disruption is not None and await _disrupt(answer.disruption, scope, receive):
                return
            await _send_answer(sim, request, answer, send)
        finally:
            sim.stats.end_call()

    def _request(
        self, sim: Simulator, scope: Scope, path: str, headers: dict[str, str], body: bytes
    ) -> GraphRequest:
        request_id = new_guid(sim.tenant.rng)
        return GraphRequest(
            scope["method"],
            path,
            scope["query_string"].decode("ascii", "replace"),
            headers,
            f"{origin_of(scope, headers)}{VERSION}",
            request_id,
            headers.get("client-request-id", request_id),
            self.clock.now(),
            body,
        )

    # -- sign-in

    def _tokens(self, scope: Scope, path: str, headers: dict[str, str], body: bytes) -> Reply:
        method, now, tokens = scope["method"], self.clock.now(), self.simulator.tokens
        if (method, path.lower()) == ("GET", "/msi/token"):
            query = scope["query_string"].decode("ascii", "replace")
            return managed_identity(tokens, query, headers.get("x-identity-header"), now)
        tenant, _, rest = path.strip("/").partition("/")
        if (method, rest) == ("GET", "v2.0/.well-known/openid-configuration"):
            return openid_configuration(origin_of(scope, headers), tenant)
        if (method, rest) == ("POST", "oauth2/v2.0/token"):
            return client_credentials(tokens, body, now)
        return 404, {"error": {"code": "NotFound", "message": f"The simulator serves no {path}."}}


def answer_call(sim: Simulator, request: GraphRequest) -> Answer:
    """The answer to one HTTP call, be it a single request or a batch."""
    process_due(sim, request.now)
    try:
        sim.tokens.check(request.headers.get("authorization"), request.now)
        if request.path.startswith("/drives/"):
            return uploads.answer(sim, request)
        if request.path != "/$batch":
            return perform(sim, request, "call")
        return _answer_batch(sim, request)
    except GraphError as error:
        return error_answer(request, error)


def _answer_batch(sim: Simulator, request: GraphRequest) -> Answer:
    if request.method != "POST":
        raise GraphError(Refusal.METHOD_NOT_ALLOWED)
    fault = sim.faults.find("POST", "/$batch", "call") if sim.faults else None
    if fault is None:
        return run_batch(sim, request)
    if fault.commit:
        answer = run_batch(sim, request)
        if fault.kind != "status":
            answer.disruption = fault
            return answer
    if fault.kind == "status" and fault.status == 429:
        sim.stats.throttled += 1
    return fault_answer(request, fault)


def origin_of(scope: Scope, headers: dict[str, str]) -> str:
    """Scheme and host as the client named them, so that links lead back to where it came from."""
    return f"{scope['scheme']}://{headers.get('host', 'localhost')}"


# -- the wire


async def _read_body(receive: Receive) -> bytes:
    message = await receive()
    body: bytes = message.get("body", b"")
    if not message.get("more_body"):
        return body
    parts = [body]
    while message.get("more_body"):
        message = await receive()
        parts.append(message.get("body", b""))
    return b"".join(parts)


async def _disrupt(fault: Fault, scope: Scope, receive: Receive) -> bool:
    """Keep the answer back; whether the connection is gone. A malformed answer is left to the sender."""
    if fault.kind == "malformed":
        return False
    if fault.kind == "hang":
        gone = asyncio.ensure_future(_disconnected(receive))
        await asyncio.wait([gone], timeout=fault.seconds)
        gone.cancel()
    scope["extensions"][DROP][DROP]()
    await _disconnected(receive)
    return True


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _send_answer(sim: Simulator, request: GraphRequest, answer: Answer, send: Send) -> None:
    body = answer.body or b""
    if isinstance(body, str):
        body = body.encode()
    status = answer.status
    if answer.disruption is not None:
        status, body = 200, body[: len(body) // 2] or b'{"value":['
    headers = {
        "cache-control": "no-cache",
        "strict-transport-security": "max-age=31536000",
        "request-id": request.request_id,
        "client-request-id": request.client_request_id,
        "x-ms-ags-diagnostic": _AGS,
        "x-ms-resource-unit": str(answer.cost),
        "odata-version": "4.0",
        **sim.limits.usage_header(),
        **answer.headers,
    }
    if body:
        headers["content-type"] = answer.content_type or _JSON
    if status == 401:
        headers["www-authenticate"] = (
            'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common"'
        )
    await _send(send, status, body, headers)


async def _send(send: Send, status: int, body: bytes, headers: dict[str, str]) -> None:
    raw = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    if status != 204:
        raw.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})
