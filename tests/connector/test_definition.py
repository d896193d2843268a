"""The committed files are current, valid and within the rules."""

from __future__ import annotations

import copy
import json
import struct
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV2SpecValidator

from connector.build import FOLDER, files
from connector.icon import SIZE
from shared.api.routes import ROUTES
from tests.connector.lint import RULES, Rule, operations

Json = dict[str, Any]
DEFINITION: Json = json.loads((FOLDER / "apiDefinition.swagger.json").read_text("utf-8"))
PROPERTIES: Json = json.loads((FOLDER / "apiProperties.json").read_text("utf-8"))["properties"]
OPERATIONS = {operation["operationId"]: operation for _, _, operation in operations(DEFINITION)}
RELEASED = {
    *(
        "ListGroups",
        "ListGroupMembers",
        "ListLicenses",
        "ListServicePlans",
        "ListAssignedLicenses",
        "ListLocations",
    ),
    *(
        "SubmitJob",
        "ListJobs",
        "GetJob",
        "ListJobItems",
        "GetJobReport",
        "GetJobFile",
        "WaitForJob",
        "StartJob",
    ),
    *("CancelJob", "UndoJob", "ListTemporaryLicenses", "ChangeTemporaryLicense", "ListAudit"),
    *("WhenJobFinishes", "WhenLicenseExpires", "DeleteSubscription"),
}
"""Saved flows call these by name: one is never renamed and never goes."""


@pytest.mark.parametrize("name", list(files()))
def test_the_committed_file_is_current(name: str) -> None:
    assert (FOLDER / name).read_bytes() == files()[name], "run python -m connector.build"


def test_it_is_valid_openapi_2() -> None:
    OpenAPIV2SpecValidator(DEFINITION).validate()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_it_keeps_the_rule(rule: Rule) -> None:
    assert list(rule(DEFINITION)) == []


def test_its_file_is_small_enough_and_indented_by_four() -> None:
    text = (FOLDER / "apiDefinition.swagger.json").read_bytes()
    assert len(text) < 1_000_000
    assert text.startswith(b'{\n    "swagger"')
    assert b"\t" not in text


def test_no_operation_goes() -> None:
    assert set(OPERATIONS) >= RELEASED


def test_every_route_is_an_operation_or_left_out_on_purpose() -> None:
    renamed = {"SubscribeToJobs": "WhenJobFinishes", "SubscribeToExpiry": "WhenLicenseExpires"}
    left_out = {
        "GetHealth",
        "GetOpenApi",
        "CreateSubscription",
        "ListSubscriptions",
        "CountAssignedLicenses",
    }
    assert {renamed.get(route.name, route.name) for route in ROUTES} - left_out == set(OPERATIONS)


def test_makers_choose_from_lists() -> None:
    text = json.dumps(OPERATIONS["SubmitJob"]["parameters"])
    for source in ("ListGroups", "ListLicenses", "ListLocations", "ListServicePlans"):
        assert f'"x-ms-dynamic-list": {{"operationId": "{source}"' in text


def test_properties() -> None:
    assert PROPERTIES["iconBrandColor"] not in ("#007ee5", "#ffffff")
    assert "stackOwner" not in PROPERTIES
    paged = PROPERTIES["policyTemplateInstances"][0]["parameters"]["x-ms-apimTemplate-operationName"]
    assert set(paged) == {name for name, operation in OPERATIONS.items() if "x-ms-pageable" in operation}
    oauth = PROPERTIES["connectionParameters"]["token"]["oAuthSettings"]
    assert (
        oauth["properties"]["AzureActiveDirectoryResourceId"]
        == oauth["customParameters"]["resourceUri"]["value"]
    )
    for value in (oauth["clientId"], oauth["customParameters"]["tenantId"]["value"]):
        assert value.startswith("<"), "no customer's identifier in a file that is shipped"


def test_the_icon_is_a_square_png() -> None:
    icon = (FOLDER / "icon.png").read_bytes()
    assert icon[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", icon[16:24]) == (SIZE, SIZE)


BREACHES: dict[str, tuple[str, Any]] = {
    "document_form": ("host", "https://x"),
    "info": ("info.title", "License API"),
    "words": ("paths./jobs.get.operationId", "listJobs"),
    "labels": ("paths./jobs.get.parameters.0.description", ""),
    "parameters": ("paths./jobs/{id}.get.parameters.0.required", False),
    "responses": ("paths./jobs.post.responses.202.headers", {}),
    "schema_form": ("paths./jobs.get.responses.200.schema.required", ["nothing"]),
    "members": ("paths./jobs.get.x-ms-visibilty", "important"),
    "choices": ("paths./groups/{id}/members.get.parameters.0.x-ms-dynamic-list.operationId", "ListNothing"),
    "triggers": ("paths./subscriptions/jobs.post.x-ms-trigger", "batch"),
    "paging": ("paths./jobs.get.x-ms-pageable", None),
}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_rule_finds_a_breach(rule: Rule) -> None:
    place, value = BREACHES[rule.__name__]
    broken = copy.deepcopy(DEFINITION)
    *way, last = place.split(".")
    node: Any = broken
    for part in way:
        node = node[int(part)] if isinstance(node, list) else node[part]
    if value is None:
        del node[last]
    else:
        node[last] = value
    assert list(rule(broken))
