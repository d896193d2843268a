"""The OpenAPI 3.1 description, generated from the routes and the shapes of requests and answers."""

from functools import cache
from typing import Any

from pydantic import TypeAdapter

from shared.api import examples, shapes
from shared.api.bodies import GrantBody, GroupIdsBody, JobBody, ReceiverBody, SubscriptionBody, UndoBody
from shared.api.outcomes import OUTCOMES, REPORT_TYPES, errors_of
from shared.api.query import Parameter
from shared.api.routes import ROUTES, Access, Route, Takes
from shared.api.submission import KEY_HEADER

Json = dict[str, Any]

_BODIES: dict[Takes, Any] = {
    Takes.JOB: JobBody,
    Takes.UNDO: UndoBody,
    Takes.GRANT_CHANGE: GrantBody,
    Takes.GROUP_IDS: GroupIdsBody,
    Takes.SUBSCRIPTION: SubscriptionBody,
    Takes.RECEIVER: ReceiverBody,
}
_REF = "#/components/schemas/{model}"
_SIGN_IN: list[Json] = [{"entra": []}, {"functionKey": []}]
_ROLES = {
    Access.READ: "Needs the role Licenses.Read.",
    Access.MANAGE: "Needs the role Licenses.Manage.",
    Access.TOKEN: "Needs the token in the URL, or the role Licenses.Read.",
    Access.ANONYMOUS: "Needs no sign-in.",
}
_READERS_MAY = {
    "SubmitJob": " Anything but a dry run or an export to download needs Licenses.Manage.",
    "UndoJob": " Anything but a dry run needs Licenses.Manage.",
    "CancelJob": " Any but one's own dry runs and exports to download needs Licenses.Manage.",
}
EVENTS: dict[str, Any] = {
    "job.finished": shapes.JobFinishedEventShape,
    "license.expiring": shapes.LicensesExpiringEventShape,
    "license.expired": shapes.LicensesExpiredEventShape,
    "sweep.stopped": shapes.SweepStoppedEventShape,
}
"""What subscribers get, by the event's type."""
_EVENT_SUMMARIES = {
    "job.finished": "A job has ended",
    "license.expiring": "Temporary licenses will expire soon: a digest a day",
    "license.expired": "A sweep has taken licenses whose time was over",
    "sweep.stopped": "A sweep would take more than EXPIRY_MAX_REMOVALS licenses and waits for a person",
}
_EXAMPLES = {
    shapes.JobShape: examples.job,
    shapes.ItemListShape: examples.items,
    shapes.ErrorShape: examples.error,
}


def openapi(base_url: str) -> Json:
    """The description for an app at `base_url`."""
    schemas, _ = _schemas()
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "License Management for Microsoft 365",
            "version": "1.0.0",
            "description": "Assign, remove and replace the licenses of all users in Entra ID groups, as jobs "
            "with progress, details, rerun and undo.",
        },
        "servers": [{"url": base_url}],
        "security": _SIGN_IN,
        "paths": _paths(),
        "webhooks": {name: {"post": _webhook(name, shape)} for name, shape in EVENTS.items()},
        "components": {"schemas": schemas, "securitySchemes": _security_schemes()},
    }


def _paths() -> Json:
    paths: Json = {}
    for route in ROUTES:
        paths.setdefault(f"/{route.path}", {})[route.method.lower()] = _operation(route)
    return paths


def _webhook(name: str, shape: Any) -> Json:
    """What a subscription's callback URL gets."""
    return {
        "operationId": name,
        "summary": _EVENT_SUMMARIES[name],
        "description": "Signed, delivered at least once; the receiver answers 2xx within 20 seconds.",
        "security": [],
        "requestBody": {"content": {"application/json": {"schema": _ref(shape)}}},
        "responses": {"2XX": {"description": "Taken."}, "410": {"description": "Ends the subscription."}},
    }


def _operation(route: Route) -> Json:
    operation: Json = {
        "operationId": route.name,
        "summary": route.summary,
        "description": _ROLES[route.access] + _READERS_MAY.get(route.name, ""),
        "parameters": _parameters(route),
        "responses": {**_successes(route), **_failures(route)},
    }
    if route.access is Access.ANONYMOUS:
        operation["security"] = []
    elif route.access is Access.TOKEN:
        operation["security"] = [{"waitToken": []}, *_SIGN_IN]
    if route.takes is not Takes.NOTHING:
        operation["requestBody"] = _request_body(route)
    return operation


def _parameters(route: Route) -> list[Json]:
    found = [_query_parameter(parameter) for parameter in route.parameters]
    if "{id}" in route.path:
        found.insert(
            0, {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}}
        )
    if route.takes in (Takes.JOB, Takes.UNDO):
        found.append(
            {
                "name": KEY_HEADER,
                "in": "header",
                "description": "Makes it safe to repeat the request: the same key gives the same job.",
                "schema": {"type": "string", "minLength": 1, "maxLength": 255},
            }
        )
    return found


def _query_parameter(parameter: Parameter) -> Json:
    return {
        "name": parameter.name,
        "in": "query",
        "description": parameter.description,
        "schema": dict(parameter.schema),
    }


def _request_body(route: Route) -> Json:
    content: Json = {"schema": _ref(_BODIES[route.takes])}
    if route.takes is Takes.JOB:
        content["examples"] = examples.SUBMISSIONS
    return {"required": route.takes is not Takes.UNDO, "content": {"application/json": content}}


def _successes(route: Route) -> Json:
    outcome = OUTCOMES[route.name]
    if outcome.status == 204:
        return {"204": {"description": "Done, or done before.", "headers": _headers(204)}}
    if outcome.shape is None:
        content = {
            media: {
                "schema": {"type": "object"} if format_ == "json" else {"type": "string", "format": "binary"}
            }
            for format_, media in REPORT_TYPES.items()
        }
        return {"200": {"description": "The file.", "content": content, "headers": _headers(200)}}
    answers = {outcome.status: "Accepted: the job." if outcome.status == 202 else "Success."} | outcome.also
    return {
        str(status): {
            "description": description,
            "content": {"application/json": _content(outcome.shape)},
            "headers": _headers(status),
        }
        for status, description in answers.items()
    }


def _failures(route: Route) -> Json:
    own = {OUTCOMES[route.name].status, *OUTCOMES[route.name].also}
    return {
        str(status): {
            "description": "Error: " + ", ".join(f"`{code}`" for code in codes) + ".",
            "content": {"application/json": _content(shapes.ErrorShape)},
            "headers": {"x-ms-error-code": _header("The error's code.", codes), **_headers(status)},
        }
        for status, codes in errors_of(route).items()
        if status not in own
    }


def _content(shape: Any) -> Json:
    content: Json = {"schema": _ref(shape)}
    if shape in _EXAMPLES:
        content["example"] = _EXAMPLES[shape]()
    return content


def _headers(status: int) -> Json:
    found = {"x-ms-request-id": _header("The request's ID, as in the log.")}
    if status == 202:
        found["Location"] = _header("The URL to follow: 202 while the job runs, then something else.")
        found["Operation-Location"] = _header("The job.")
    if status == 201:
        found["Location"] = _header("What DELETE takes.")
    if status in (202, 429, 503):
        found["Retry-After"] = {"description": "Whole seconds.", "schema": {"type": "integer", "minimum": 1}}
    return found


def _header(description: str, values: tuple[str, ...] = ()) -> Json:
    schema: Json = {"type": "string"} | ({"enum": list(values)} if values else {})
    return {"description": description, "schema": schema}


def _security_schemes() -> Json:
    return {
        "entra": {
            "type": "http",
            "scheme": "bearer",
            "description": "A token of Microsoft Entra ID for this app (AUTH_MODE=entra).",
        },
        "functionKey": {
            "type": "apiKey",
            "in": "header",
            "name": "x-functions-key",
            "description": "A key of the function app (AUTH_MODE=key).",
        },
        "waitToken": {
            "type": "apiKey",
            "in": "query",
            "name": "t",
            "description": "The token of one job's wait URL, as `Location` gives it.",
        },
    }


def _ref(shape: Any) -> Json:
    _, references = _schemas()
    return references[id(shape)]


@cache
def _schemas() -> tuple[Json, dict[int, Json]]:
    """Every schema by its public name (`JobShape` is published as `Job`), and how to refer to each shape."""
    answers = {id(outcome.shape): outcome.shape for outcome in OUTCOMES.values() if outcome.shape is not None}
    inputs: list[Any] = [
        *((id(body), "validation", TypeAdapter(body)) for body in _BODIES.values()),
        *((key, "serialization", TypeAdapter(shape)) for key, shape in answers.items()),
        *((id(shape), "serialization", TypeAdapter(shape)) for shape in EVENTS.values()),
        (id(shapes.ErrorShape), "serialization", TypeAdapter(shapes.ErrorShape)),
    ]
    references, document = TypeAdapter.json_schemas(inputs, ref_template=_REF)
    definitions = document["$defs"]
    return (
        {_public(name): _renamed(schema) for name, schema in definitions.items()},
        {key: _renamed(reference) for (key, _), reference in references.items()},
    )


def _public(name: str) -> str:
    return name.removesuffix("Shape")


def _renamed(schema: Any) -> Any:
    """The schema with references to public names, without the titles that pydantic adds."""
    if isinstance(schema, list):
        return [_renamed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: _public(value) if key == "$ref" else _renamed(value)
        for key, value in schema.items()
        if not (key == "title" and isinstance(value, str))
    }
