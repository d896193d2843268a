"""What each of Graph's refusals becomes. The messages are verbatim where an answer was captured."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.errors import GraphError, LastingGraphError, PassingGraphError
from shared.graph import errors
from shared.graph.errors import (
    ASSIGN_LICENSE,
    READ_GROUPS,
    READ_USERS,
    SEND_BATCH,
    SET_USAGE_LOCATION,
    Operation,
    error_from,
)

SKU = "6fd2c87f-b296-42f0-b197-1e91e994b900"
PLAN_A = "9aaf7827-d63c-4b61-89c3-182f06f82e5c"
PLAN_B = "efb87545-963c-4e0d-99df-69c6916d9eb0"
PLAN_C = "fe71d6c3-a2ea-4499-9778-da042bf08063"


def body(code: str, message: str) -> dict[str, Any]:
    return {
        "error": {
            "code": code,
            "message": message,
            "innerError": {"date": "2025-07-14T16:14:05", "request-id": "r-1", "client-request-id": "c-1"},
        }
    }


@dataclass(frozen=True)
class Case:
    status: int
    code: str
    message: str
    becomes: str
    ids: tuple[str, ...] = ()


REFUSALS = [
    Case(
        400,
        "Request_BadRequest",
        f"Subscription with SKU {SKU} does not have any available licenses.",
        "NoAvailableLicenses",
        (SKU,),
    ),
    Case(
        400,
        "Request_BadRequest",
        f"License {SKU.upper()} does not correspond to a valid company License.",
        "NoAvailableLicenses",
        (SKU,),
    ),
    Case(
        400,
        "Request_BadRequest",
        "License assignment cannot be done for user with invalid usage location.",
        "UsageLocationInvalid",
    ),
    Case(
        400,
        "Request_BadRequest",
        "Invalid value specified for property 'usageLocation' of resource 'User'.",
        "UsageLocationInvalid",
    ),
    Case(400, "Request_BadRequest", "ProhibitedInUsageLocationViolation", "UsageLocationInvalid"),
    Case(
        400,
        "Request_BadRequest",
        "User license is inherited from a group membership and it cannot be removed directly from the user.",
        "LicenseInherited",
    ),
    Case(400, "Request_BadRequest", "User does not have a corresponding license.", "NotHeld"),
    Case(400, "Request_BadRequest", "User does not have a corresponding license", "NotHeld"),
    Case(
        400,
        "Request_BadRequest",
        f"License assignment failed because service plan {PLAN_C} depends on the service plan(s) "
        f"{PLAN_A}, {PLAN_B}",
        "ServicePlanDependency",
        (PLAN_C, PLAN_A, PLAN_B),
    ),
    Case(
        400,
        "Request_BadRequest",
        f"License assignment failed because service plans {PLAN_A}, {PLAN_B} are mutually exclusive.",
        "ServicePlanConflict",
        (PLAN_A, PLAN_B),
    ),
    Case(
        400,
        "Request_BadRequest",
        f"License assignment failed because service plans {PLAN_A},{PLAN_B} are mutually exclusive",
        "ServicePlanConflict",
        (PLAN_A, PLAN_B),
    ),
    Case(
        400,
        "Request_BadRequest",
        f"Service plan {PLAN_A} does not belong to the license with SKU {SKU}.",
        "Unexpected",
        (PLAN_A, SKU),
    ),
    Case(
        400,
        "Request_BadRequest",
        "Another object with the same value for property proxyAddresses already exists",
        "Unexpected",
    ),
    Case(
        400,
        "Request_BadRequest",
        "Proxy address 'smtp:a@contoso.com' is already being used by the proxy addresses of 'b'.",
        "Unexpected",
    ),
    Case(
        400,
        "Request_BadRequest",
        "No license changes provided. At least one license to add or remove must be specified.",
        "Unexpected",
    ),
    Case(
        403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.", "Forbidden"
    ),
    Case(
        404,
        "Request_ResourceNotFound",
        "Resource 'x' does not exist or one of its queried reference-property objects are not present.",
        "UserNotFound",
    ),
    Case(404, "", "", "Unexpected"),
    Case(409, "Request_MultipleObjectsWithSameKeyValue", "Another object exists.", "Unexpected"),
    Case(302, "", "", "Unexpected"),
]


@pytest.mark.parametrize("case", REFUSALS, ids=lambda case: f"{case.status} {case.message[:50]}")
def test_lasting_refusals_of_a_license_change(case: Case) -> None:
    error = error_from(ASSIGN_LICENSE, case.status, body(case.code, case.message), {})

    assert isinstance(error, LastingGraphError)
    assert (error.code, error.status, error.graph_request_id) == (case.becomes, case.status, "r-1")
    assert getattr(error, "ids", ()) == case.ids


@dataclass(frozen=True)
class Passing:
    status: int
    code: str
    message: str
    becomes: str
    outcome_unknown: bool


PASSING = [
    Passing(429, "TooManyRequests", "Please retry again later.", "Throttled", False),
    Passing(429, "", "", "Throttled", False),
    Passing(400, "", "Too many requests.", "Throttled", False),
    Passing(401, "InvalidAuthenticationToken", "Access token is empty.", "GraphUnavailable", False),
    Passing(
        409,
        "Directory_ConcurrencyViolation",
        "Error due to concurrent requests being made to the tenant. Please wait briefly and retry.",
        "GraphUnavailable",
        False,
    ),
    Passing(400, "LicenseAssignmentAttributeConcurrencyException", "", "GraphUnavailable", False),
    Passing(408, "", "", "GraphUnavailable", True),
    Passing(500, "InternalServerError", "", "GraphUnavailable", True),
    Passing(502, "", "", "GraphUnavailable", True),
    Passing(503, "serviceNotAvailable", "", "GraphUnavailable", True),
    Passing(504, "UnknownError", "", "GraphUnavailable", True),
    Passing(400, "", "Resource temporarily unavailable", "GraphUnavailable", True),
]


@pytest.mark.parametrize("case", PASSING, ids=lambda case: f"{case.status} {case.code or case.message}")
def test_passing_refusals(case: Passing) -> None:
    error = error_from(ASSIGN_LICENSE, case.status, body(case.code, case.message), {"retry-after": "2.128"})

    assert isinstance(error, PassingGraphError)
    assert (error.code, error.outcome_unknown) == (case.becomes, case.outcome_unknown)
    assert error.retry_after == 2.128
    assert error.graph_request_id == "r-1"


@pytest.mark.parametrize("garbage", [None, "<html>", [], {}, {"error": "no"}, {"error": {"innerError": 5}}])
def test_a_body_that_is_no_error_still_gives_one(garbage: object) -> None:
    throttled = error_from(ASSIGN_LICENSE, 429, garbage, {}, request_id="call")
    refused = error_from(ASSIGN_LICENSE, 400, garbage, {}, request_id="call")

    assert (throttled.code, throttled.graph_request_id) == ("Throttled", "call")
    assert (refused.code, refused.graph_request_id) == ("Unexpected", "call")


def test_an_expired_page_token_is_told_apart() -> None:
    message = "The specified page token value has expired and can no longer be included in your request."
    error = error_from(READ_GROUPS, 400, body("Directory_ExpiredPageToken", message), {})

    assert isinstance(error, errors.ExpiredPageToken)


@pytest.mark.parametrize(
    ("operation", "permission"),
    [
        (ASSIGN_LICENSE, "LicenseAssignment.ReadWrite.All"),
        (SET_USAGE_LOCATION, "User.ReadWrite.All"),
        (READ_USERS, "User.Read.All"),
        (READ_GROUPS, "GroupMember.Read.All"),
        (errors.READ_SKUS, "LicenseAssignment.Read.All"),
    ],
)
def test_forbidden_names_the_permission(operation: Operation, permission: str) -> None:
    error = error_from(operation, 403, body("Authorization_RequestDenied", "Insufficient privileges"), {})

    assert error.code == "Forbidden"
    assert permission in error.message


@pytest.mark.parametrize(
    ("operation", "code"),
    [(READ_GROUPS, "GroupNotFound"), (READ_USERS, "UserNotFound"), (SEND_BATCH, "Unexpected")],
)
def test_what_is_missing_depends_on_what_was_asked(operation: Operation, code: str) -> None:
    error = error_from(operation, 404, body("Request_ResourceNotFound", "Resource 'x' does not exist"), {})

    assert error.code == code


def test_an_unknown_refusal_is_quoted_on_one_line_and_not_at_length() -> None:
    error = error_from(ASSIGN_LICENSE, 400, body("Request_BadRequest", "new\n words " + "x" * 5000), {})

    assert "Request_BadRequest new words" in error.message
    assert "\n" not in error.message
    assert len(error.message) < 600


NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7.0),
        ("2.128", 2.128),
        ("-3", 0.0),
        ("Tue, 24 Nov 2026 12:00:30 GMT", 30.0),
        ("Tue, 24 Nov 2026 11:00:00 GMT", 0.0),
        ("Tue, 24 Nov 2026 12:00:30 -0000", 30.0),
        ("nan", None),
        ("inf", None),
        ("soon", None),
        ("", None),
    ],
)
def test_retry_after(value: str, seconds: float | None) -> None:
    assert errors.retry_after({"Retry-After": value}, NOON) == seconds
    assert errors.retry_after({"retry-after": value}, NOON) == seconds


def test_no_retry_after() -> None:
    assert errors.retry_after({"Date": "x"}) is None


def test_every_lasting_message_says_what_to_do() -> None:
    """A person reads these: sentences, no placeholder left, no secret or header in them. Whether a passing error
    is tried again is added by whoever decides it.
    """
    cases = [(case.status, case.code, case.message) for case in REFUSALS]
    cases += [(case.status, case.code, case.message) for case in PASSING]
    found: list[GraphError] = [error_from(ASSIGN_LICENSE, s, body(c, m), {}) for s, c, m in cases]

    for error in found:
        assert error.message.endswith(".")
        assert isinstance(error, PassingGraphError) or ". " in error.message, error.message
        assert "again by itself" not in error.message
        assert "{" not in error.message
