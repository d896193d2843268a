"""The description of the API against its standard, its routes and its own examples."""

import json
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from pydantic import TypeAdapter

from shared.api import examples, shapes
from shared.api.openapi import openapi
from shared.api.outcomes import OUTCOMES, errors_of
from shared.api.routes import BY_NAME, ROUTES, Access
from shared.api.submission import parse_submission
from tests.unit.api.test_submission import LIMITS

DOCUMENT = openapi("https://licenses.contoso.com")
OPERATIONS: dict[str, dict[str, Any]] = {
    operation["operationId"]: operation for path in DOCUMENT["paths"].values() for operation in path.values()
}


def test_it_is_valid_openapi() -> None:
    read = json.loads(json.dumps(DOCUMENT))
    OpenAPIV31SpecValidator(read).validate()
    assert read["openapi"].startswith("3.1")


def test_every_route_is_there_once() -> None:
    assert list(OPERATIONS) == [route.name for route in ROUTES]
    assert OUTCOMES.keys() == BY_NAME.keys() == OPERATIONS.keys()


def test_every_schema_is_used_and_found() -> None:
    text = json.dumps(DOCUMENT)
    for name in DOCUMENT["components"]["schemas"]:
        assert f'"#/components/schemas/{name}"' in text
    assert "Shape" not in text


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_every_operation_tells_its_parameters_and_errors(route: Any) -> None:
    operation = OPERATIONS[route.name]
    named = [parameter["name"] for parameter in operation["parameters"] if parameter["in"] == "query"]
    assert named == [parameter.name for parameter in route.parameters]
    statuses = {int(status) for status in operation["responses"]}
    assert statuses >= errors_of(route).keys()
    assert (401 in statuses) == (route.access is not Access.ANONYMOUS)
    assert operation["summary"]


def test_anonymous_operations_are_the_documented_ones() -> None:
    anonymous = {name for name, operation in OPERATIONS.items() if operation.get("security") == []}
    assert anonymous == {"GetHealth", "GetOpenApi"}


@pytest.mark.parametrize("name", list(examples.SUBMISSIONS))
def test_examples_of_requests_are_taken(name: str) -> None:
    assert parse_submission(json.dumps(examples.SUBMISSIONS[name]["value"]).encode(), LIMITS)


@pytest.mark.parametrize(
    ("shape", "example"),
    [
        (shapes.JobShape, examples.job()),
        (shapes.ItemListShape, examples.items()),
        (shapes.ErrorShape, examples.error()),
    ],
)
def test_examples_of_answers_have_their_shape(shape: Any, example: Any) -> None:
    read = json.loads(json.dumps(example))
    assert TypeAdapter(shape).validate_python(read, strict=True, extra="forbid") == read
