"""Carries out one Graph request: faults, permission, throttling, the call itself, counting.

Used for requests that come alone and for each item of a batch, by direct call.
"""

import json
import math
from urllib.parse import unquote

from local.graph.clock import timestamp
from local.graph.faults import DEFAULT_CODES, Fault, Scope
from local.graph.limits import Refused
from local.graph.messages import GraphError, Refusal
from local.graph.model import new_guid
from local.graph.request import Answer, GraphRequest, parse_query
from local.graph.routes import Route, find_route
from local.graph.simulator import APP_ID, Simulator


def perform(sim: Simulator, request: GraphRequest, scope: Scope) -> Answer:
    """The answer to one request. Where a fault disrupts the connection, the answer carries it."""
    fault = sim.faults.find(request.method, request.path, scope) if sim.faults else None
    template, is_write = f"{request.method} {request.path.split('/')[1]}", False
    try:
        route, key = find_route(request.method, request.path)
        template, is_write = route.template, route.writes > 0
        request.query = parse_query(request.query_text) if request.query_text else request.query
        answer = _carry_out(sim, request, route, key, fault)
    except GraphError as error:
        answer = error_answer(request, error) if fault is None else fault_answer(request, fault)
    sim.stats.count(template, is_write, answer.status, answer.unchanged, request.now)
    return answer


def _carry_out(
    sim: Simulator, request: GraphRequest, route: Route, key: str, fault: Fault | None = None
) -> Answer:
    if fault is not None:
        return _with_fault(sim, request, route, key, fault)
    if route.role in sim.withheld:
        raise GraphError(Refusal.FORBIDDEN)
    cost = route.cost(request.query)
    refused = sim.limits.charge(request.now, cost, route.writes)
    if refused is not None:
        raise _throttled(sim, refused)
    answer = route.handler(sim, request, unquote(key) if "%" in key else key)
    answer.cost = cost
    return answer


def _with_fault(sim: Simulator, request: GraphRequest, route: Route, key: str, fault: Fault) -> Answer:
    """The fault's answer; with `commit` the request is carried out before, and a refusal of it comes first."""
    if not fault.commit:
        return fault_answer(request, fault)
    real = _carry_out_or_refuse(sim, request, route, key)
    if fault.kind == "status":
        return fault_answer(request, fault) if real.status < 400 else real
    real.disruption = fault
    return real


def _carry_out_or_refuse(sim: Simulator, request: GraphRequest, route: Route, key: str) -> Answer:
    try:
        return _carry_out(sim, request, route, key)
    except GraphError as error:
        return error_answer(request, error)


def fault_answer(request: GraphRequest, fault: Fault) -> Answer:
    """What a fault answers in place of Graph."""
    if fault.kind != "status":
        return Answer(504, disruption=fault)
    code, message = DEFAULT_CODES.get(fault.status, ("UnknownError", "An error occurred."))
    body = error_body(request, fault.code or code, fault.message or message)
    headers = {} if fault.retry_after is None else {"Retry-After": f"{fault.retry_after:g}"}
    return Answer(fault.status, body, headers)


def error_body(request: GraphRequest, code: str, message: str) -> str:
    """Graph's error envelope; its date has no time zone."""
    inner = {
        "date": timestamp(request.now).removesuffix("Z"),
        "request-id": request.request_id,
        "client-request-id": request.client_request_id,
    }
    return json.dumps({"error": {"code": code, "message": message, "innerError": inner}}, ensure_ascii=False)


def error_answer(request: GraphRequest, error: GraphError) -> Answer:
    return Answer(error.status, error_body(request, error.code, error.message), error.headers)


def _throttled(sim: Simulator, refused: Refused) -> GraphError:
    """A 429 whose Retry-After is honest: whole seconds mostly, sometimes a fraction, as the service sends both."""
    wait = refused.retry_after
    fraction = sim.stats.throttled % 3 == 2
    seconds = math.ceil(wait * 1000) / 1000 if fraction else math.ceil(wait)
    headers = {
        "Retry-After": f"{max(seconds, 0.001 if fraction else 1):g}",
        "x-ms-throttle-limit-percentage": f"{refused.usage:.2f}",
        "x-ms-throttle-scope": f"Tenant_Application/{refused.scope}/{APP_ID}/{sim.tenant.id}",
        "x-ms-throttle-information": refused.information,
    }
    return GraphError(Refusal.THROTTLED, new_guid(sim.tenant.rng), "tenant_large", headers=headers)
