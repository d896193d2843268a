"""What Graph's refusals mean: the one place that reads status, `error.code` and `error.message`. Pure.

Distinct faults of assignLicense share the code `Request_BadRequest`, so the message decides there, by
tolerant patterns. The words come from captured answers; the source stands beside each pattern.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from shared.errors import GraphError, LastingGraphError, PassingGraphError
from shared.graph.refusals import LicenseRefusal, guids

NOT_HELD = "NotHeld"
"""The user does not hold what was to be removed: our picture of the user is old. Read and plan again."""

_QUOTED_CHARACTERS = 300


class ExpiredPageToken(PassingGraphError):
    """A listing took too long and its next page is gone: begin again at the first page, drop what was read.

    Source: msgraph-sdk-dotnet issue 2254.
    """


class StrayLink(LastingGraphError):
    """The link to a next page leads away from its list. Graph gives none such: it comes from outside."""

    def __init__(self) -> None:
        super().__init__(
            "Unexpected", "The link to the next page leads away from where it belongs. Begin the list anew."
        )


@dataclass(frozen=True, slots=True)
class Operation:
    """What was asked of Graph: which permission it takes, and what code a 404 means."""

    words: str
    permission: str
    missing_code: str = "Unexpected"
    missing_message: str = ""


_GROUP = ("GroupNotFound", "The group does not exist any more. Choose another one.")
_USER = ("UserNotFound", "The user does not exist any more. Nothing can be done for a deleted user.")

READ_GROUPS = Operation("read groups", "GroupMember.Read.All", *_GROUP)
READ_MEMBERS = Operation("read group members", "GroupMember.Read.All and User.Read.All", *_GROUP)
READ_USERS = Operation("read users", "User.Read.All", *_USER)
READ_SKUS = Operation("read the tenant's licenses", "LicenseAssignment.Read.All")
ASSIGN_LICENSE = Operation("change licenses", "LicenseAssignment.ReadWrite.All", *_USER)
SET_USAGE_LOCATION = Operation("set the usage location", "User.ReadWrite.All", *_USER)
UPLOAD = Operation(
    "store files in SharePoint",
    "Sites.ReadWrite.All",
    "Unexpected",
    "The drive or folder of the export does not exist. Check driveId and folderPath.",
)
SEND_BATCH = Operation("send a batch", "those named in the documentation")
"""The envelope of a `$batch`: its own errors speak of no user or group."""


@dataclass(frozen=True, slots=True)
class _Pattern:
    code: str
    regex: re.Pattern[str]


def _pattern(code: str, regex: str) -> _Pattern:
    return _Pattern(code, re.compile(regex, re.IGNORECASE | re.DOTALL))


_REFUSALS = (
    # captured answers: "Subscription with SKU <skuId> does not have any available licenses."
    _pattern("NoAvailableLicenses", r"does not have any available licen[sc]es"),
    # cli-microsoft365 and HelloID: "License <skuId> does not correspond to a valid company License."
    _pattern("NotOwned", r"not correspond to a valid company licen[sc]e"),
    # "License assignment cannot be done for user with invalid usage location." (Okta KB, CIPP#783)
    _pattern("UsageLocationInvalid", r"invalid usage\s?location"),
    # wording not captured: "Invalid value specified for property 'usageLocation' of resource 'User'."
    _pattern("UsageLocationInvalid", r"invalid value\b.*usageLocation"),
    # value of licenseAssignmentStates.error for a service that is not offered there (Entra docs)
    _pattern("UsageLocationProhibited", r"ProhibitedInUsageLocation"),
    # "User license is inherited from a group membership and it cannot be removed directly from the user."
    # (CIPP#4090)
    _pattern("LicenseInherited", r"inherited from a group"),
    # "User does not have a corresponding license." (HelloID connector)
    _pattern(NOT_HELD, r"does not have a corresponding licen[sc]e"),
    # captured answers, several ids after a comma:
    # … because service plan <id> depends on the service plan(s) <id>
    _pattern("ServicePlanDependency", r"service plan\b.*\bdepends on\b|DependencyViolation"),
    # "License assignment failed because service plans <id>, <id> are mutually exclusive." (Entra docs)
    _pattern("ServicePlanConflict", r"mutually exclusive|MutuallyExclusiveViolation"),
    # wording not captured; that such a plan is refused: azure-docs#81269
    _pattern("PlanNotInLicense", r"service plan\b.*\b(not (belong|part)|invalid)|invalid service plan"),
    # "Another object with the same value for property proxyAddresses already exists"
    # (msgraph-sdk-powershell#1640);
    # "Proxy address … is already being used" (Entra docs)
    _pattern("AddressTaken", r"prox(y ?address|yaddresses)\b.*\balready|UniquenessViolation"),
)

# Directory_ConcurrencyViolation (nais/azurerator#448), LicenseAssignmentAttributeConcurrencyException (Entra)
_CONCURRENCY = re.compile(r"concurren", re.IGNORECASE)
# bodies that CIPP-API repeats whatever their status
_TOO_MANY = re.compile(r"too ?many ?requests", re.IGNORECASE)
_AWAY = re.compile(r"temporarily unavailable", re.IGNORECASE)
_NOT_FOUND = re.compile(r"not_?found", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Refusal:
    """An answer that is no success, as far as the table looks at it."""

    status: int
    code: str
    message: str
    request_id: str | None
    retry_after: float | None

    @property
    def text(self) -> str:
        return f"{self.code} {self.message}"


def error_from(
    operation: Operation,
    status: int,
    body: object,
    headers: Mapping[str, str],
    *,
    request_id: str | None = None,
) -> GraphError:
    """The error that an answer outside 2xx stands for.

    `request_id` is that of the HTTP call; the one in the body, which names the part of a batch, wins.
    """
    code, message, own_id = _read_body(body)
    refusal = _Refusal(status, code, message, own_id or request_id, retry_after(headers))
    return _passing(refusal) or _lasting(operation, refusal)


def retry_after(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Seconds from `Retry-After`: a number (Graph also sends `2.128`) or an HTTP date. None: not said."""
    value = next((value for name, value in headers.items() if name.lower() == "retry-after"), None)
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        return _seconds_until(value, now or datetime.now(UTC))
    return max(0.0, seconds) if math.isfinite(seconds) else None


def _seconds_until(http_date: str, now: datetime) -> float | None:
    try:
        moment = parsedate_to_datetime(http_date)
    except ValueError:
        return None
    if moment.tzinfo is None:  # RFC 5322's "-0000": UTC of unknown place
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())


def is_page_lost(error: GraphError) -> bool:
    """Whether a next link led to no page: it is too old, leads elsewhere, or Graph makes nothing of it."""
    return isinstance(error, ExpiredPageToken | StrayLink) or (
        error.status == 400 and error.code == "Unexpected"
    )


def _read_body(body: object) -> tuple[str, str, str | None]:
    """`error.code`, `error.message` and the request id of an error body; blanks where it is none."""
    error: Any = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict):
        return "", "", None
    inner: Any = error.get("innerError") or error.get("innererror")
    request_id = inner.get("request-id") if isinstance(inner, dict) else None
    return str(error.get("code") or ""), str(error.get("message") or ""), request_id


def _passing(refusal: _Refusal) -> PassingGraphError | None:
    if "ExpiredPageToken" in refusal.code:
        return _expired(refusal)
    if refusal.status == 429 or (refusal.status < 500 and _TOO_MANY.search(refusal.text)):
        return _again(refusal, "Throttled", "Graph is throttling this app.")
    if refusal.status == 401:
        return _again(
            refusal,
            "GraphUnavailable",
            "Graph did not accept the app's token. If that goes on, check the app's identity.",
        )
    if refusal.status in (400, 409, 412) and _CONCURRENCY.search(refusal.text):
        return _again(
            refusal,
            "GraphUnavailable",
            "Another change was being made to the directory at the same moment.",
        )
    server_fault = refusal.status == 408 or (refusal.status >= 500 and refusal.status != 507)
    if server_fault or _AWAY.search(refusal.text):
        return _again(
            refusal,
            "GraphUnavailable",
            f"Graph failed to answer ({refusal.status}).",
            outcome_unknown=True,
        )
    return None


def _expired(refusal: _Refusal) -> ExpiredPageToken:
    return ExpiredPageToken(
        "GraphUnavailable",
        "Reading the list took longer than Graph keeps its pages.",
        status=refusal.status,
        graph_request_id=refusal.request_id,
    )


def _again(refusal: _Refusal, code: str, message: str, *, outcome_unknown: bool = False) -> PassingGraphError:
    return PassingGraphError(
        code,
        message,
        status=refusal.status,
        graph_request_id=refusal.request_id,
        retry_after=refusal.retry_after,
        outcome_unknown=outcome_unknown,
    )


def _lasting(operation: Operation, refusal: _Refusal) -> LastingGraphError:
    if refusal.status == 403 or refusal.code == "Authorization_RequestDenied":
        return forbidden(operation, status=refusal.status, request_id=refusal.request_id)
    if refusal.status == 404 and operation.missing_message and _NOT_FOUND.search(refusal.code):
        # a 404 without Graph's words comes from something before Graph, and tells nothing about the user
        return LastingGraphError(
            operation.missing_code,
            operation.missing_message,
            status=404,
            graph_request_id=refusal.request_id,
        )
    for pattern in _REFUSALS:
        if pattern.regex.search(refusal.text):
            return LicenseRefusal(
                pattern.code,
                guids(refusal.message),
                status=refusal.status,
                graph_request_id=refusal.request_id,
            )
    return LastingGraphError(
        "Unexpected", _quoted(operation, refusal), status=refusal.status, graph_request_id=refusal.request_id
    )


def forbidden(operation: Operation, *, status: int, request_id: str | None) -> LastingGraphError:
    """The app may not do this; the message names the permission to grant."""
    return LastingGraphError(
        "Forbidden",
        f"The app may not {operation.words}. Grant it the Microsoft Graph application permission "
        f"{operation.permission}, then repeat the request or start the job again.",
        status=status,
        graph_request_id=request_id,
    )


def _quoted(operation: Operation, refusal: _Refusal) -> str:
    said = " ".join(refusal.text.split())[:_QUOTED_CHARACTERS] or "no reason given"
    return (
        f"Graph refused to {operation.words} ({refusal.status}: {said}). If it happens again, ask "
        f"Microsoft's support and give them the request id."
    )
