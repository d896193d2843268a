"""What each route answers: the shape of its success, and the errors it may end in."""

from dataclasses import dataclass, field
from typing import Any, Final

from shared.api import shapes
from shared.api.routes import Access, Route, Takes

REPORT_TYPES: Final = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json",
}
"""Media types of files, by format."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """`shape` is None for a file, or where the status is 204 for nothing. `also` are other statuses with an answer
    of the same shape. `errors`: codes by status.
    """

    shape: Any
    status: int = 200
    also: dict[int, str] = field(default_factory=dict)
    errors: dict[int, tuple[str, ...]] = field(default_factory=dict)


_RUNNING = {202: "The job has not ended: ask again after `Retry-After` seconds."}
_NOT_FINISHED = {422: "With `failOnError=true`: the job has ended, but not Finished."}

OUTCOMES: Final = {
    "ListGroups": Outcome(shapes.GroupListShape),
    "ListGroupMembers": Outcome(shapes.MemberListShape),
    "ListLicenses": Outcome(shapes.LicenseListShape),
    "ListServicePlans": Outcome(shapes.ServicePlanListShape),
    "ListAssignedLicenses": Outcome(
        shapes.AssignedLicensesShape, errors={404: ("GroupNotFound",), 413: ("TooManyGroups",)}
    ),
    "CountAssignedLicenses": Outcome(shapes.AssignedPageShape),
    "ListLocations": Outcome(shapes.CountryListShape),
    "SubmitJob": Outcome(
        shapes.JobShape,
        202,
        errors={
            404: ("GroupNotFound", "LicenseNotFound", "PlanNotFound"),
            409: ("ConfirmationRequired", "PlanNotUsable", "PlanExpired", "NoAvailableLicenses"),
            413: ("TooManyGroups",),
            422: ("IdempotencyKeyReused",),
            429: ("TooManyRequests",),
        },
    ),
    "ListJobs": Outcome(shapes.JobListShape),
    "GetJob": Outcome(shapes.JobShape),
    "ListJobItems": Outcome(shapes.ItemListShape),
    "GetJobReport": Outcome(None),
    "GetJobFile": Outcome(None, errors={404: ("FileNotHere",), 409: ("FileNotReady",)}),
    "WaitForJob": Outcome(shapes.JobShape, also=_RUNNING | _NOT_FINISHED),
    "StartJob": Outcome(shapes.JobShape, 202, errors={409: ("JobNotStartable",)}),
    "CancelJob": Outcome(shapes.JobShape, 202, errors={409: ("JobNotCancelable",)}),
    "UndoJob": Outcome(
        shapes.JobShape,
        202,
        errors={
            409: ("ConfirmationRequired", "JobRunning", "UndoRunning", "JobNotUndoable"),
            422: ("IdempotencyKeyReused",),
            429: ("TooManyRequests",),
        },
    ),
    "ListTemporaryLicenses": Outcome(shapes.GrantListShape),
    "ChangeTemporaryLicense": Outcome(shapes.GrantShape, errors={409: ("GrantEnded",)}),
    "ListAudit": Outcome(shapes.AuditListShape),
    "CreateSubscription": Outcome(
        shapes.CreatedSubscriptionShape, 201, errors={409: ("TooManySubscriptions",)}
    ),
    "SubscribeToJobs": Outcome(shapes.CreatedSubscriptionShape, 201, errors={409: ("TooManySubscriptions",)}),
    "SubscribeToExpiry": Outcome(
        shapes.CreatedSubscriptionShape, 201, errors={409: ("TooManySubscriptions",)}
    ),
    "ListSubscriptions": Outcome(shapes.SubscriptionListShape),
    "DeleteSubscription": Outcome(None, 204),
    "GetHealth": Outcome(shapes.HealthShape, also={503: "A part cannot be reached; the answer names it."}),
    "GetOpenApi": Outcome(dict[str, Any]),
}
"""Outcomes by the route's name."""


def errors_of(route: Route) -> dict[int, tuple[str, ...]]:
    """Every error of a route by status: those of its own, and those that its kind of call has."""
    found: dict[int, tuple[str, ...]] = {}
    for errors in (OUTCOMES[route.name].errors, _common_errors(route)):
        for status, codes in errors.items():
            found[status] = found.get(status, ()) + codes
    return dict(sorted(found.items()))


def _common_errors(route: Route) -> dict[int, tuple[str, ...]]:
    errors: dict[int, tuple[str, ...]] = {400: ("InvalidRequest",), 500: ("Unexpected",)}
    if route.access is not Access.ANONYMOUS:
        errors |= {
            401: ("Unauthenticated",),
            403: ("RoleMissing",),
            503: ("GraphUnavailable", "StorageUnavailable"),
        }
    if route.method != "GET":
        errors[403] = ("RoleMissing", "OriginNotAllowed")
        errors |= {413: ("RequestTooLarge",), 415: ("UnsupportedMediaType",)}
    if route.not_found:
        errors[404] = (route.not_found,)
    if route.takes is Takes.NOTHING and route.method == "POST":
        errors[429] = ("TooManyRequests",)
    return errors
