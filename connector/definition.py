"""The connector's definition (OpenAPI 2.0), made from the description of the API.

Rules: Microsoft Learn, "OpenAPI extensions for custom connectors", "Use a webhook as a trigger", and the rules of the
swagger validator for certification.
"""

from collections.abc import Iterator, Mapping

from connector.schemas import Json, Schemas, labels
from shared.api.openapi import openapi

HOST = "your-app.azurewebsites.net"
"""To be replaced by the address of the app; see readme.md."""

_LEFT_OUT = frozenset(
    {"GetOpenApi", "GetHealth", "CreateSubscription", "ListSubscriptions", "CountAssignedLicenses"}
)
_TRIGGERS: Mapping[str, tuple[str, str, str]] = {
    "SubscribeToJobs": ("WhenJobFinishes", "When a job finishes", "JobFinishedEvent"),
    "SubscribeToExpiry": ("WhenLicenseExpires", "When a license is about to expire", "LicensesExpiringEvent"),
}
"""Name, summary and event of each trigger, by route."""
_INTERNAL = frozenset({"WaitForJob", "DeleteSubscription"})
"""Called by the platform alone: it follows Location, and unsubscribes."""
_IMPORTANT = frozenset({"SubmitJob", "GetJob", "ListTemporaryLicenses"})
_SUMMARIES = {
    "SubmitJob": "Assign or remove or replace or export licenses",
    "ListLicenses": "List the licenses of the tenant",
    "ListJobs": "List jobs",
    "ChangeTemporaryLicense": "Extend or end a temporary license or make it permanent",
    "ListAudit": "List who asked for what",
}
"""Where the API's own has punctuation, which the designer does not take."""

_GROUPS = ("ListGroups", "id", "displayName")
_LICENSES = ("ListLicenses", "skuId", "displayName")
_LOCATIONS = ("ListLocations", "code", "name")
_PLANS = ("ListServicePlans", "servicePlanId", "displayName")
_CHOICES: Mapping[tuple[str, str], tuple[str, str, str]] = {
    ("ListGroupMembers", "id"): _GROUPS,
    ("ListServicePlans", "id"): _LICENSES,
    ("ListTemporaryLicenses", "skuId"): _LICENSES,
}
"""Parameters chosen from a list of the API, by operation and name."""
_ADVANCED = frozenset(
    {
        "usageLocationMode",
        "include",
        "allowShortage",
        "keepDisabledPlans",
        "stopAfterFailures",
        "startAt",
        "clientRequestId",
        "plan",
        "callbackUrl",
        "Idempotency-Key",
        "pageSize",
        "failOnError",
    }
)
_METADATA = [
    {"propertyName": "Website", "propertyValue": "https://your-app.azurewebsites.net/portal/"},
    {"propertyName": "Privacy policy", "propertyValue": "https://your-app.azurewebsites.net/portal/"},
    {"propertyName": "Categories", "propertyValue": "IT Operations;Productivity"},
]


def definition() -> Json:
    """The whole document, its members in the order that reviewers ask for."""
    api = openapi(f"https://{HOST}")
    return {
        "swagger": "2.0",
        "info": {
            "title": "License Management",
            "description": "Assign, remove and replace the licenses of all users in groups, as jobs with progress, "
            "details, rerun and undo; give licenses that expire by themselves; export who holds what.",
            "version": api["info"]["version"],
            "contact": {
                "name": "Your help desk",
                "url": f"https://{HOST}/portal/",
                "email": "help@contoso.example",
            },
        },
        "host": HOST,
        "basePath": "/api",
        "schemes": ["https"],
        "consumes": ["application/json"],
        "produces": ["application/json"],
        "paths": _Paths(api).paths(),
        "securityDefinitions": {
            "oauth2_auth": {
                "type": "oauth2",
                "flow": "accessCode",
                "authorizationUrl": "https://login.windows.net/common/oauth2/authorize",
                "tokenUrl": "https://login.windows.net/common/oauth2/token",
                "scopes": {},
            }
        },
        "security": [{"oauth2_auth": []}],
        "x-ms-connector-metadata": _METADATA,
    }


class _Paths:
    def __init__(self, api: Json) -> None:
        self._api = api
        self._schemas = Schemas(api["components"]["schemas"])

    def paths(self) -> Json:
        found: Json = {}
        for path, method, operation in self._operations():
            item = found.setdefault(path.removeprefix("/api"), {})
            name = operation["operationId"]
            if name in _TRIGGERS:
                _, summary, event = _TRIGGERS[name]
                schema = self._schemas.plain({"$ref": f"#/components/schemas/{event}"})
                item["x-ms-notification-content"] = {"description": f"{summary}.", "schema": schema}
            item[method] = self._operation(operation)
        return found

    def _operations(self) -> Iterator[tuple[str, str, Json]]:
        for path, methods in self._api["paths"].items():
            for method, operation in methods.items():
                if operation["operationId"] not in _LEFT_OUT:
                    yield path, method, operation

    def _operation(self, operation: Json) -> Json:
        name = operation["operationId"]
        made: Json = {
            "operationId": name,
            "summary": _SUMMARIES.get(name, operation["summary"]),
            "description": f"{operation['summary']}. {operation['description']}",
            "x-ms-visibility": _visibility(name),
            "parameters": self._parameters(name, operation),
            "responses": self._responses(operation),
        }
        if not made["parameters"]:
            del made["parameters"]
        if name in _TRIGGERS:
            own, summary, _ = _TRIGGERS[name]
            what = summary[0].lower() + summary[1:]
            made |= {"operationId": own, "summary": summary, "x-ms-trigger": "single"}
            made["description"] = f"This operation triggers {what}."
        if any("nextLink" in str(response) for response in made["responses"].values()):
            made["x-ms-pageable"] = {"nextLinkName": "nextLink"}
        if _is_file(operation):
            made["produces"] = ["application/octet-stream"]
        return made

    def _parameters(self, name: str, operation: Json) -> list[Json]:
        found = [self._parameter(name, parameter) for parameter in operation["parameters"]]
        if name == "WaitForJob":
            token = labels("token", "The token of the job, as the start of the job answered it.")
            found.append(
                {"name": "t", "in": "query", "type": "string", "x-ms-visibility": "internal", **token}
            )
        if "requestBody" in operation:
            found.append(self._body(name, operation["requestBody"]))
        return found

    def _parameter(self, operation: str, parameter: Json) -> Json:
        name = parameter["name"]
        schema = self._schemas.plain(parameter["schema"])
        text = parameter.get("description") or f"The ID that the operation is about ({operation})."
        made = {"name": name, "in": parameter["in"], **schema, **labels(name, text)}
        if parameter["in"] == "path":
            made |= {"required": True, "x-ms-url-encoding": "single"}
        if name == "cursor":
            made["x-ms-visibility"] = "internal"  # part of nextLink; no maker writes one
        elif name in _ADVANCED:
            made["x-ms-visibility"] = "advanced"
        return made | _choice(_CHOICES.get((operation, name)))

    def _body(self, name: str, body: Json) -> Json:
        schema = self._schemas.plain(body["content"]["application/json"]["schema"])
        for property_, of in schema["properties"].items():
            if property_ in _ADVANCED and name not in _TRIGGERS:
                of["x-ms-visibility"] = "advanced"
        if name in _TRIGGERS:
            schema["properties"]["callbackUrl"] |= {
                "x-ms-notification-url": True,
                "x-ms-visibility": "internal",
            }
            schema["required"] = ["callbackUrl"]
        if name == "SubmitJob":
            _offer_choices(schema["properties"])
            schema["properties"]["action"]["x-ms-visibility"] = "important"
        if name == "ListAssignedLicenses":
            schema["properties"]["groupIds"]["items"] |= _choice(_GROUPS)
        return {
            "name": "body",
            "in": "body",
            "required": body["required"],
            "schema": schema,
            **labels("body"),
        }

    def _responses(self, operation: Json) -> Json:
        """The designer reads the one response with a schema: what the action has answered in the end."""
        found: Json = {}
        responses = operation["responses"]
        main = next(status for status in ("200", "201", "202", "204") if status in responses)
        for status, response in responses.items():
            found[status] = {"description": response["description"].replace("`", "")}
        if main == "202":  # followed by the platform until it is the job that has ended
            found["200"] = {"description": "The job when it has ended."}
        if "202" in found:
            found["202"]["headers"] = {
                "Location": {"type": "string", "description": "The URL to ask until the job has ended."},
                "Retry-After": {"type": "integer", "description": "Seconds to wait before asking."},
            }
        if main == "201":
            found["201"]["headers"] = {
                "Location": {"type": "string", "description": "The URL to unsubscribe at."}
            }
        if _is_file(operation):
            found[main]["schema"] = {"type": "string", "format": "binary"}
        elif main != "204":
            content = responses[main]["content"]["application/json"]
            found["200" if main == "202" else main]["schema"] = self._schemas.plain(content["schema"])
        return dict(sorted(found.items()))


def _visibility(name: str) -> str:
    if name in _INTERNAL:
        return "internal"
    return "important" if name in _IMPORTANT or name in _TRIGGERS else "none"


def _is_file(operation: Json) -> bool:
    return "application/octet-stream" in str(operation) or "text/csv" in operation["responses"].get(
        "200", {}
    ).get("content", {})


def _offer_choices(properties: Json) -> None:
    """Lists of the API in the body of SubmitJob."""
    properties["groupIds"]["items"] |= _choice(_GROUPS)
    license_ = properties["licenses"]["items"]["properties"]
    license_["skuId"] |= _choice(_LICENSES)
    license_["disabledPlans"]["items"] |= _choice(_PLANS, id="skuId")
    properties["replaces"]["items"] |= _choice(_LICENSES)
    properties["usageLocation"] |= _choice(_LOCATIONS)


def _choice(source: tuple[str, str, str] | None, **parameters: str) -> Json:
    """A drop-down in both of its spellings; `parameters` name the values that the list depends on."""
    if source is None:
        return {}
    operation, value, shown = source
    return {
        "x-ms-dynamic-values": {
            "operationId": operation,
            "value-collection": "value",
            "value-path": value,
            "value-title": shown,
            "parameters": {name: {"parameter": of} for name, of in parameters.items()},
        },
        "x-ms-dynamic-list": {
            "operationId": operation,
            "itemsPath": "value",
            "itemValuePath": value,
            "itemTitlePath": shown,
            "parameters": {name: {"parameterReference": of} for name, of in parameters.items()},
        },
    }
