"""`POST /$batch`: up to 20 requests in one call, each charged and refused by itself.

Source: Microsoft Graph, "Combine multiple HTTP requests using JSON batching".
"""

import base64
import json
from dataclasses import dataclass
from json.encoder import encode_basestring as quote
from typing import Any

from local.graph.messages import GraphError, Refusal
from local.graph.model import new_guid
from local.graph.request import Answer, GraphRequest
from local.graph.service import error_answer, perform
from local.graph.simulator import Simulator

LARGEST_BATCH = 20
_JSON = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"


@dataclass(slots=True)
class Item:
    """One request of a batch as received; `needs` is the id it depends on, in lower case."""

    id: str
    method: str
    url: str
    headers: dict[str, str]
    body: Any
    needs: str | None


def run_batch(sim: Simulator, call: GraphRequest) -> Answer:
    """Carry the items out and answer them in any order; raises GraphError if the batch itself is malformed."""
    items = _read_batch(call.json())
    statuses: dict[str, int] = {}
    answers: list[str] = []
    total = Answer(200, cost=0)
    for item in _in_order(items):
        request = _request(sim, call, item)
        if item.needs is not None and statuses[item.needs] >= 400:
            answer = error_answer(request, GraphError(Refusal.DEPENDENCY_FAILED))
        else:
            answer = _answer(sim, request, item)
        statuses[item.id.lower()] = answer.status
        total.cost += answer.cost
        total.disruption = total.disruption or answer.disruption
        answers.append(_item_json(sim, request, item, answer))
    sim.tenant.rng.shuffle(answers)
    total.body = f'{{"responses":[{",".join(answers)}]}}'
    sim.stats.batches += 1
    return total


def _read_batch(body: Any) -> list[Item]:
    requests = body.get("requests") if isinstance(body, dict) else None
    if not isinstance(requests, list) or not requests:
        raise GraphError(Refusal.BATCH_MALFORMED, "requests is missing or empty.")
    if len(requests) > LARGEST_BATCH:
        raise GraphError(Refusal.BATCH_TOO_LARGE)
    items = [_read_item(request) for request in requests]
    ids = {item.id.lower() for item in items}
    if len(ids) < len(items):
        raise GraphError(Refusal.BATCH_MALFORMED, "Request Id should be unique within the batch.")
    for item in items:
        if item.needs is not None and (item.needs not in ids or item.needs == item.id.lower()):
            raise GraphError(Refusal.BATCH_MALFORMED, f"dependsOn of request {item.id} is invalid.")
    return items


def _read_item(request: Any) -> Item:
    if not isinstance(request, dict):
        raise GraphError(Refusal.BATCH_MALFORMED, "a request is no object.")
    for name in ("id", "method", "url"):
        if not isinstance(request.get(name), str) or not request[name]:
            raise GraphError(Refusal.BATCH_MALFORMED, f"'{name}' of a request is missing or no string.")
    headers = request.get("headers") or {}
    if not isinstance(headers, dict):
        raise GraphError(Refusal.BATCH_MALFORMED, "headers of a request is no object.")
    needs = request.get("dependsOn") or []
    if not isinstance(needs, list) or len(needs) > 1:
        raise GraphError(Refusal.BATCH_MALFORMED, "a request can depend on one other request only.")
    return Item(
        request["id"],
        request["method"].upper(),
        request["url"],
        {str(name).lower(): str(value) for name, value in headers.items()},
        request.get("body"),
        str(needs[0]).lower() if needs else None,
    )


def _in_order(items: list[Item]) -> list[Item]:
    """Items after those they depend on; raises GraphError for a circle."""
    if all(item.needs is None for item in items):
        return items
    done: dict[str, Item] = {}
    waiting = items
    while waiting:
        ready = [item for item in waiting if item.needs is None or item.needs in done]
        if not ready:
            raise GraphError(Refusal.BATCH_MALFORMED, "dependsOn forms a circle.")
        done.update((item.id.lower(), item) for item in ready)
        waiting = [item for item in waiting if item.id.lower() not in done]
    return list(done.values())


def _request(sim: Simulator, call: GraphRequest, item: Item) -> GraphRequest:
    # Microsoft's Python library sends whole addresses of the service it talks to.
    path, _, query = item.url.removeprefix(call.root).partition("?")
    return GraphRequest(
        item.method,
        path if path.startswith("/") else f"/{path}",
        query,
        item.headers,
        call.root,
        new_guid(sim.tenant.rng),
        item.headers.get("client-request-id") or call.client_request_id,
        call.now,
        parsed=item.body,
        in_batch=True,
    )


def _answer(sim: Simulator, request: GraphRequest, item: Item) -> Answer:
    if request.path == "/$batch":
        return error_answer(request, GraphError(Refusal.BATCH_NESTED))
    if item.body is not None and "content-type" not in item.headers:
        return error_answer(request, GraphError(Refusal.BATCH_CONTENT_TYPE, item.id))
    return perform(sim, request, "subrequest")


def _item_json(sim: Simulator, request: GraphRequest, item: Item, answer: Answer) -> str:
    headers = {
        "Cache-Control": "no-cache",
        "x-ms-resource-unit": str(answer.cost),
        "OData-Version": "4.0",
        "request-id": request.request_id,
        "client-request-id": request.client_request_id,
        **sim.limits.usage_header(),
        **answer.headers,
    }
    body = ""
    if answer.body is not None:
        headers["Content-Type"] = answer.content_type or _JSON
        text = answer.body
        body = f',"body":{text if isinstance(text, str) else json.dumps(base64.b64encode(text).decode())}'
    return f'{{"id":{quote(item.id)},"status":{answer.status},"headers":{json.dumps(headers)}{body}}}'
