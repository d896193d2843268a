"""Every route of the API in one table: the bindings, the checks at the door and OpenAPI are made of it.

`access` is what a caller needs at the door. Where a reader may do some things only (POST /jobs, undo,
cancel), the rest is asked for once the request is read. A route that is not in this table cannot be served.
"""

from dataclasses import dataclass
from enum import Enum, auto, unique
from typing import Literal

from shared.api import query
from shared.api.query import CURSOR, PAGING, Parameter
from shared.api.warning_texts import WARNING_TEXTS
from shared.models import Action, ItemStatus, JobStatus

Method = Literal["GET", "POST", "PATCH", "DELETE"]


@unique
class Access(Enum):
    ANONYMOUS = auto()
    TOKEN = auto()
    """The token of the wait URL, or sign-in with Licenses.Read."""
    READ = auto()
    MANAGE = auto()


@unique
class Takes(Enum):
    """What the body is."""

    NOTHING = auto()
    JOB = auto()
    UNDO = auto()
    GRANT_CHANGE = auto()
    GROUP_IDS = auto()
    SUBSCRIPTION = auto()
    RECEIVER = auto()


@dataclass(frozen=True, slots=True)
class Route:
    """`path` is below the host's root and holds at most one parameter, `{id}`.

    `not_found` is the code for an id that does not exist or is no GUID.
    """

    name: str
    method: Method
    path: str
    access: Access
    summary: str
    parameters: tuple[Parameter, ...] = ()
    takes: Takes = Takes.NOTHING
    not_found: str | None = None


_STATUS_OF_JOB = query.choice_of("status", "Only jobs in this status.", JobStatus)
_SEARCH_GROUPS = query.text(
    "search", "Only groups whose name or mail address begins with this or has such a word."
)
_SEARCH_JOBS = query.text("search", "Only jobs with this in their note, group names, creator or ID.")
_GRANT_STATUS = query.choice(
    "status", "Only those in this status; `running` if left out.", ("running", "ending", "ended")
)
_FORMAT = query.choice("format", "The kind of file; `xlsx` if left out.", ("csv", "xlsx", "json"))

ROUTES = (
    Route(
        "ListGroups",
        "GET",
        "api/groups",
        Access.READ,
        "Find groups",
        (_SEARCH_GROUPS, *PAGING),
    ),
    Route(
        "ListGroupMembers",
        "GET",
        "api/groups/{id}/members",
        Access.READ,
        "List the users of a group and their licenses",
        PAGING,
        not_found="GroupNotFound",
    ),
    Route("ListLicenses", "GET", "api/licenses", Access.READ, "List the tenant's licenses", PAGING),
    Route(
        "ListServicePlans",
        "GET",
        "api/licenses/{id}/service-plans",
        Access.READ,
        "List the service plans of a license",
        PAGING,
        not_found="LicenseNotFound",
    ),
    Route(
        "ListAssignedLicenses",
        "POST",
        "api/licenses/assigned",
        Access.READ,
        "List the licenses that users of these groups hold",
        takes=Takes.GROUP_IDS,
    ),
    Route(
        "CountAssignedLicenses",
        "GET",
        "api/licenses/assigned",
        Access.READ,
        "Count the users of the tenant that hold each license, direct and inherited; add up the pages",
        (CURSOR,),
    ),
    Route("ListLocations", "GET", "api/locations", Access.READ, "List the usage locations", PAGING),
    Route(
        "SubmitJob",
        "POST",
        "api/jobs",
        Access.READ,
        "Assign, remove, replace or export licenses, or carry out a plan",
        (query.FAIL_ON_ERROR,),
        takes=Takes.JOB,
    ),
    Route(
        "ListJobs",
        "GET",
        "api/jobs",
        Access.READ,
        "List jobs, newest first",
        (
            _STATUS_OF_JOB,
            query.choice_of("action", "Only jobs of this action.", Action),
            _SEARCH_JOBS,
            *PAGING,
        ),
    ),
    Route("GetJob", "GET", "api/jobs/{id}", Access.READ, "Get a job", not_found="JobNotFound"),
    Route(
        "ListJobItems",
        "GET",
        "api/jobs/{id}/items",
        Access.READ,
        "List the users of a job and what happened to each",
        (
            query.choice_of("status", "Only users in this status.", ItemStatus),
            query.choice("warning", "Only users with this warning.", WARNING_TEXTS),
            *PAGING,
        ),
        not_found="JobNotFound",
    ),
    Route(
        "GetJobReport",
        "GET",
        "api/jobs/{id}/report",
        Access.READ,
        "Get the users of a job as a file",
        (_FORMAT,),
        not_found="JobNotFound",
    ),
    Route(
        "GetJobFile",
        "GET",
        "api/jobs/{id}/file",
        Access.READ,
        "Get the file of an export",
        not_found="JobNotFound",
    ),
    Route(
        "WaitForJob",
        "GET",
        "api/jobs/{id}/wait",
        Access.TOKEN,
        "Ask whether a job has ended",
        (query.FAIL_ON_ERROR,),
        not_found="JobNotFound",
    ),
    Route(
        "StartJob",
        "POST",
        "api/jobs/{id}/start",
        Access.MANAGE,
        "Take up again what failed or was canceled",
        not_found="JobNotFound",
    ),
    Route(
        "CancelJob",
        "POST",
        "api/jobs/{id}/cancel",
        Access.READ,
        "Stop what has not begun",
        not_found="JobNotFound",
    ),
    Route(
        "UndoJob",
        "POST",
        "api/jobs/{id}/undo",
        Access.READ,
        "Give back what the users of a job held before",
        takes=Takes.UNDO,
        not_found="JobNotFound",
    ),
    Route(
        "ListTemporaryLicenses",
        "GET",
        "api/temporary-licenses",
        Access.READ,
        "List temporary licenses",
        (
            _GRANT_STATUS,
            query.guid("userId", "Only those of this user."),
            query.guid("skuId", "Only those of this license."),
            query.moment("expiresBefore", "Only those that expire before this time."),
            *PAGING,
        ),
    ),
    Route(
        "ChangeTemporaryLicense",
        "PATCH",
        "api/temporary-licenses/{id}",
        Access.MANAGE,
        "Extend or shorten a temporary license, or make it permanent",
        takes=Takes.GRANT_CHANGE,
        not_found="GrantNotFound",
    ),
    Route(
        "ListAudit",
        "GET",
        "api/audit",
        Access.READ,
        "List who asked for what, newest first",
        (
            query.guid("jobId", "Only entries on this job."),
            query.text("by", "Only entries by the caller of this name."),
            *PAGING,
        ),
    ),
    Route(
        "CreateSubscription",
        "POST",
        "api/subscriptions",
        Access.MANAGE,
        "Be told by POST when something happens",
        takes=Takes.SUBSCRIPTION,
    ),
    Route("ListSubscriptions", "GET", "api/subscriptions", Access.READ, "List who is told what", PAGING),
    Route(
        "SubscribeToJobs",
        "POST",
        "api/subscriptions/jobs",
        Access.MANAGE,
        "Be told when a job finishes",
        takes=Takes.RECEIVER,
    ),
    Route(
        "SubscribeToExpiry",
        "POST",
        "api/subscriptions/expiry",
        Access.MANAGE,
        "Be told of licenses that are about to expire",
        takes=Takes.RECEIVER,
    ),
    Route(
        "DeleteSubscription",
        "DELETE",
        "api/subscriptions/{id}",
        Access.MANAGE,
        "Be told no more",
        not_found="SubscriptionNotFound",
    ),
    Route("GetHealth", "GET", "api/health", Access.ANONYMOUS, "Tell whether Storage and Graph are reachable"),
    Route("GetOpenApi", "GET", "api/openapi.json", Access.ANONYMOUS, "Describe this API"),
)

BY_NAME = {route.name: route for route in ROUTES}
