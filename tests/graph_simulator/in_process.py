"""The simulator inside the test's process, on a clock that the test moves: for rules and times.

Requests go through the ASGI application, so that everything but the socket is what clients meet.
"""

import asyncio
import json
from collections.abc import Mapping, MutableMapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from local.graph.app import DROP, GraphApp
from local.graph.clock import ManualClock

Json = dict[str, Any]
EVENTUAL = {"ConsistencyLevel": "eventual"}


@dataclass(frozen=True)
class Reply:
    """An answer; `dropped` when the connection was closed without one."""

    status: int
    headers: Mapping[str, str]
    content: bytes
    dropped: bool = False

    @property
    def json(self) -> Any:
        return json.loads(self.content)

    @property
    def code(self) -> str:
        return str(self.json["error"]["code"])

    @property
    def message(self) -> str:
        return str(self.json["error"]["message"])


class LocalGraph:
    """A simulator of its own with an empty tenant, and a token for it."""

    def __init__(self, tenant: str = "empty", seed: int = 1) -> None:
        self.clock = ManualClock()
        self.app = GraphApp(tenant, seed, clock=self.clock)
        self._thread = ThreadPoolExecutor(
            1
        )  # the browser's library keeps a loop running in that of the tests
        self._loop = asyncio.new_event_loop()
        self.sign_in()

    def close(self) -> None:
        self._thread.submit(self._loop.close).result()
        self._thread.shutdown()

    def sign_in(self) -> None:
        token = self.raw(
            "GET", "/msi/token?api-version=2019-08-01&resource=x", headers={"X-IDENTITY-HEADER": "secret"}
        )
        self.token = str(token.json["access_token"])

    def call(self, method: str, path: str, body: object = None, **headers: str) -> Reply:
        """A Graph call with the token; header names are given with underscores."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.raw(method, f"/v1.0{path}", body, {"Authorization": f"Bearer {self.token}", **named})

    def get(self, path: str, **headers: str) -> Reply:
        return self.call("GET", path, **headers)

    def control(self, method: str, path: str, body: object = None) -> Any:
        reply = self.raw(method, f"/_control/{path}", body)
        assert reply.status == 200, reply.content
        return reply.json

    def seed(self, **body: object) -> Json:
        answer: Json = self.control("POST", "seed", body)
        return answer

    def assign(self, user_id: str, add: Sequence[str | Json] = (), remove: Sequence[str] = ()) -> Reply:
        """assignLicense; `add` lists skuIds or objects."""
        items = [{"skuId": item, "disabledPlans": []} if isinstance(item, str) else item for item in add]
        body = {"addLicenses": items, "removeLicenses": list(remove)}
        return self.call("POST", f"/users/{user_id}/assignLicense", body)

    def batch(self, *requests: Json) -> dict[str, Json]:
        """The items of a batch by their ids."""
        reply = self.call("POST", "/$batch", {"requests": list(requests)})
        assert reply.status == 200, reply.content
        return {item["id"]: item for item in reply.json["responses"]}

    def raw(
        self, method: str, target: str, body: object = None, headers: Mapping[str, str] | None = None
    ) -> Reply:
        """One HTTP exchange; a body that is not bytes is sent as JSON."""
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        exchange = self._exchange(method, target, content, headers or {})
        return self._thread.submit(self._loop.run_until_complete, exchange).result()

    async def _exchange(self, method: str, target: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        path, _, query = target.partition("?")
        sent: list[MutableMapping[str, Any]] = []
        dropped = asyncio.Event()
        scope = {
            "type": "http",
            "method": method,
            "scheme": "http",
            "raw_path": path.encode(),
            "query_string": quote(query, safe="$=&,%'()/:@;+").encode(),
            "headers": [
                (b"host", b"graph.test"),
                *((k.lower().encode(), v.encode()) for k, v in headers.items()),
            ],
            "extensions": {DROP: {DROP: dropped.set}},
        }
        pending = [{"type": "http.request", "body": body}]

        async def receive() -> MutableMapping[str, Any]:
            if pending:
                return pending.pop()
            await dropped.wait()
            return {"type": "http.disconnect"}

        async def send(message: MutableMapping[str, Any]) -> None:
            sent.append(message)

        await self.app(scope, receive, send)
        if dropped.is_set():
            return Reply(0, {}, b"", dropped=True)
        start, content = sent
        named = {name.decode(): value.decode() for name, value in start["headers"]}
        return Reply(start["status"], named, content["body"])
