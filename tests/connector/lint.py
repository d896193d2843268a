"""The rules for a connector's definition that can be checked without the platform; each gives one line a breach.

Sources: Microsoft Learn, "OpenAPI extensions for custom connectors", "Coding standards", "String guidance" and
"Swagger validator rules" of the certification.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

Json = dict[str, Any]
Rule = Callable[[Json], Iterator[str]]

ORDER = (
    *("swagger", "info", "host", "basePath", "schemes", "consumes", "produces", "paths", "definitions"),
    *("parameters", "securityDefinitions", "security", "x-ms-connector-metadata"),
)
EXTENSIONS = {
    *("x-ms-summary", "x-ms-visibility", "x-ms-url-encoding", "x-ms-enum-values", "x-ms-pageable"),
    *("x-ms-dynamic-values", "x-ms-dynamic-list", "x-ms-trigger", "x-ms-notification-content"),
    *("x-ms-notification-url", "x-ms-connector-metadata"),
}
NOT_TAKEN = {
    "servers",
    "oneOf",
    "anyOf",
    "nullable",
    "components",
    "requestBody",
    "uniqueItems",
    "const",
    "$ref",
}
SPELLINGS = {
    "operationId": "operationId",
    "value-collection": "itemsPath",
    "value-path": "itemValuePath",
    "value-title": "itemTitlePath",
}
"""Members of `x-ms-dynamic-values` and of `x-ms-dynamic-list` that say the same."""
PRODUCTS = re.compile(r"\b(api|connector|power (automate|apps|platform)|logic apps|microsoft flow)\b", re.I)


def operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if not method.startswith("x-"):
                yield path, method, operation


def nodes(value: Any, place: str = "") -> Iterator[tuple[str, Json]]:
    """Every object of the document with its place."""
    if isinstance(value, dict):
        yield place, value
        for key, part in value.items():
            yield from nodes(part, f"{place}/{key}")
    elif isinstance(value, list):
        for at, part in enumerate(value):
            yield from nodes(part, f"{place}/{at}")


def schemas(document: Json) -> Iterator[tuple[str, Json]]:
    """Every schema with its place, those within others too."""
    for path, item in document["paths"].items():
        notification = item.get("x-ms-notification-content")
        if notification:
            yield from _within(notification["schema"], path)
    for path, method, operation in operations(document):
        for parameter in operation.get("parameters", []):
            if "schema" in parameter:
                yield from _within(parameter["schema"], f"{method} {path} body")
        for status, response in operation["responses"].items():
            if "schema" in response:
                yield from _within(response["schema"], f"{method} {path} {status}")


def _within(schema: Json, place: str) -> Iterator[tuple[str, Json]]:
    yield place, schema
    for name, part in schema.get("properties", {}).items():
        yield from _within(part, f"{place}.{name}")
    if "items" in schema:
        yield from _within(schema["items"], f"{place}[]")


def document_form(document: Json) -> Iterator[str]:
    if document["swagger"] != "2.0":
        yield "only OpenAPI 2.0 is taken"
    if list(document) != [name for name in ORDER if name in document]:
        yield f"order of members: {list(document)}"
    if document["schemes"] != ["https"] or not re.fullmatch(r"[a-z0-9.-]+", document["host"]):
        yield "host must be bare, the scheme https"
    if sum(1 for _ in operations(document)) > 256:
        yield "more than 256 operations"
    if document["basePath"] != "/api":
        yield "basePath"
    if len({path.lower() for path in document["paths"]}) != len(document["paths"]):
        yield "paths equal but for case"


def info(document: Json) -> Iterator[str]:
    about = document["info"]
    if not (len(about["title"]) <= 30 and about["title"][-1].isalnum()) or PRODUCTS.search(about["title"]):
        yield "title"
    if not 30 <= len(about["description"]) <= 500 or PRODUCTS.search(about["description"]):
        yield "description"
    if set(about["contact"]) != {"name", "url", "email"} or not isinstance(about["version"], str):
        yield "contact or version"
    names = [entry["propertyName"] for entry in document["x-ms-connector-metadata"]]
    if names != ["Website", "Privacy policy", "Categories"]:
        yield "metadata"


def words(document: Json) -> Iterator[str]:
    seen: set[str] = set()
    for path, method, operation in operations(document):
        name, summary, description = (operation[key] for key in ("operationId", "summary", "description"))
        if not re.fullmatch(r"[A-Z][A-Za-z0-9]*", name) or name in seen:
            yield f"{name}: operationId"
        seen.add(name)
        if len(summary) > 80 or not re.fullmatch(r"[A-Z][A-Za-z0-9()' ]*[A-Za-z0-9)]", summary):
            yield f"{name}: summary {summary!r}"
        if description == summary or not description.endswith("."):
            yield f"{name}: description {description!r}"
        if method in ("get", "delete") and any(p["in"] == "body" for p in operation.get("parameters", [])):
            yield f"{path}: a body"


def labels(document: Json) -> Iterator[str]:
    """Every parameter and property has a name for people and a sentence."""
    for _, _, operation in operations(document):
        for parameter in operation.get("parameters", []):
            yield from _unlabelled(f"{operation['operationId']} {parameter['name']}", parameter)
    for place, schema in schemas(document):
        for name, part in schema.get("properties", {}).items():
            yield from _unlabelled(f"{place}.{name}", part)


def _unlabelled(place: str, labelled: Json) -> Iterator[str]:
    summary, description = labelled.get("x-ms-summary", ""), labelled.get("description", "")
    if not summary or len(summary) > 80 or summary[0].islower():
        yield f"{place}: x-ms-summary {summary!r}"
    if not description.endswith(".") or description == summary:
        yield f"{place}: description {description!r}"


def parameters(document: Json) -> Iterator[str]:
    for path, _, operation in operations(document):
        found = operation.get("parameters", [])
        if sum(parameter["in"] == "body" for parameter in found) > 1:
            yield f"{path}: two bodies"
        if {p["name"] for p in found if p["in"] == "path"} != set(re.findall(r"{(\w+)}", path)):
            yield f"{path}: path parameters"
        for parameter in found:
            if parameter["name"].lower() == "connectionid":
                yield f"{path}: connectionId"
            if parameter["in"] == "path" and not (
                parameter.get("required") and parameter.get("x-ms-url-encoding") == "single"
            ):
                yield f"{path}: {parameter['name']}"
            hidden = parameter.get("x-ms-visibility") == "internal" and parameter.get("required")
            if hidden and "default" not in parameter and operation.get("x-ms-visibility") != "internal":
                yield f"{path}: {parameter['name']} is internal and required without a default"


def responses(document: Json) -> Iterator[str]:
    for path, method, operation in operations(document):
        found = operation["responses"]
        with_schema = [status for status, response in found.items() if "schema" in response]
        expected = 0 if "204" in found else 1
        if len(with_schema) != expected or not set(with_schema) <= {"200", "201"}:
            yield f"{method} {path}: schemas at {with_schema}"
        if not {"400", "401", "403", "500"} <= set(found):
            yield f"{method} {path}: errors"
        accepted = found.get("202", {}).get("headers", {})
        if "202" in found and {name: of["type"] for name, of in accepted.items()} != {
            "Location": "string",
            "Retry-After": "integer",
        }:
            yield f"{method} {path}: headers of 202"


def schema_form(document: Json) -> Iterator[str]:
    for place, schema in schemas(document):
        if not schema.get("type"):
            yield f"{place}: no type"
        if schema.get("type") == "array" and "items" not in schema:
            yield f"{place}: no items"
        if (
            not set(schema.get("required", [])) <= set(schema.get("properties", {}))
            or schema.get("required") == []
        ):
            yield f"{place}: required"
        values = [entry["value"] for entry in schema.get("x-ms-enum-values", [])]
        if values != schema.get("enum", []):
            yield f"{place}: names of values"


def members(document: Json) -> Iterator[str]:
    """No member that OpenAPI 2.0 or the platform does not know; no empty list."""
    for place, node in nodes(document):
        is_map = place.endswith(("/properties", "/paths", "/parameters"))
        for name, value in node.items():
            if name in NOT_TAKEN and not is_map:
                yield f"{place}: {name}"
            if name.startswith("x-") and name not in EXTENSIONS:
                yield f"{place}: {name}"
            if value == [] and not place.startswith("/security") and name != "oauth2_auth":
                yield f"{place}: {name} is empty"


def choices(document: Json) -> Iterator[str]:
    """Each drop-down names a list that exists, answers an array there, and can be called with what is known."""
    by_name = {operation["operationId"]: operation for _, _, operation in operations(document)}
    for place, node in nodes(document):
        values, listed = node.get("x-ms-dynamic-values"), node.get("x-ms-dynamic-list")
        if (values is None) != (listed is None):
            yield f"{place}: only one of the two spellings"
        if values is None or listed is None:
            continue
        if any(values[old] != listed[new] for old, new in SPELLINGS.items()) or set(
            values["parameters"]
        ) != set(listed["parameters"]):
            yield f"{place}: the two spellings differ"
        operation = by_name.get(listed["operationId"])
        if operation is None:
            yield f"{place}: no operation {listed['operationId']}"
            continue
        items = operation["responses"]["200"]["schema"]["properties"][listed["itemsPath"]]["items"][
            "properties"
        ]
        if not {listed["itemValuePath"], listed["itemTitlePath"]} <= set(items):
            yield f"{place}: no such members of {listed['operationId']}"
        needed = {p["name"] for p in operation.get("parameters", []) if p.get("required")}
        if needed - set(listed["parameters"]):
            yield f"{place}: {listed['operationId']} needs {needed}"


def triggers(document: Json) -> Iterator[str]:
    deletes = [path for path, method, _ in operations(document) if method == "delete"]
    found = 0
    for path, item in document["paths"].items():
        if "x-ms-notification-content" not in item:
            continue
        found += 1
        operation = item["post"]
        body = next(p for p in operation["parameters"] if p["in"] == "body")
        url = [(n, p) for n, p in body["schema"]["properties"].items() if p.get("x-ms-notification-url")]
        if operation.get("x-ms-trigger") != "single" or not body["required"]:
            yield f"{path}: trigger"
        if len(url) != 1 or url[0][1]["x-ms-visibility"] != "internal":
            yield f"{path}: notification URL"
        elif url[0][0] not in body["schema"]["required"]:
            yield f"{path}: notification URL is not required"
        if "Location" not in operation["responses"]["201"]["headers"]:
            yield f"{path}: no Location"
        if not operation["summary"].startswith("When ") or "triggers when" not in operation["description"]:
            yield f"{path}: words"
    if found != 2 or not deletes:
        yield f"{found} triggers, {len(deletes)} ways to unsubscribe"


def paging(document: Json) -> Iterator[str]:
    for _, method, operation in operations(document):
        schema = operation["responses"].get("200", {}).get("schema", {})
        pages = "nextLink" in schema.get("properties", {})
        if pages != ("x-ms-pageable" in operation) or (pages and method != "get"):
            yield f"{operation['operationId']}: paging"


RULES: tuple[Rule, ...] = (
    *(
        document_form,
        info,
        words,
        labels,
        parameters,
        responses,
        schema_form,
        members,
        choices,
        triggers,
        paging,
    ),
)
