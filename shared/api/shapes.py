"""The shapes of answers: mypy checks the builders in `answers.py` against them, and OpenAPI is made of them.

Times are ISO 8601 in UTC with `Z`, ids lower-case GUIDs. A field that is not always there is `| None` and
null then; only `nextLink` is left out.
"""

from typing import Annotated, Any, Literal, NotRequired

from pydantic import Field, with_config
from typing_extensions import TypedDict

# Pydantic reads typing.TypedDict from Python 3.12 on only.

Id = Annotated[str, Field(json_schema_extra={"format": "uuid"})]
Time = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
Link = Annotated[str, Field(json_schema_extra={"format": "uri"})]

ActionName = Literal["assign", "remove", "replace", "export", "undo", "expire"]
JobStatusName = Literal["Waiting", "InProgress", "Finished", "FinishedWithException", "Failed", "Canceled"]
ItemStatusName = Literal["changed", "unchanged", "failed", "retrying", "pending", "canceled"]
GroupStatusName = Literal["pending", "expanding", "done", "failed", "canceled"]
GrantStatusName = Literal["running", "ending", "ended"]
GroupKindName = Literal["security", "microsoft365", "mailEnabledSecurity", "distribution"]
CallerKindName = Literal["user", "app", "key", "timer"]

_described = with_config(use_attribute_docstrings=True)


# --- errors -----------------------------------------------------------------------------------------------


class FaultShape(TypedDict):
    code: str
    message: str
    target: str | None


@_described
class ErrorDetailShape(TypedDict):
    code: str
    """Part of the contract: never renamed."""
    message: str
    """A sentence for people, with what to do next."""
    target: str | None
    """A path such as `licenses[0].skuId`, or the name of a query parameter or header."""
    details: list[FaultShape]
    requestId: str


class ErrorShape(TypedDict):
    error: ErrorDetailShape


# --- jobs -------------------------------------------------------------------------------------------------


class RequestLicenseShape(TypedDict):
    skuId: Id
    disabledPlans: list[Id] | None


class ExpiresInShape(TypedDict):
    value: int
    unit: Literal["days", "weeks", "months"]


class IncludeShape(TypedDict):
    guests: bool
    disabled: bool


class DownloadShape(TypedDict):
    kind: Literal["download"]


class BlobShape(TypedDict):
    kind: Literal["blob"]
    container: str
    path: str


class SharePointShape(TypedDict):
    kind: Literal["sharepoint"]
    driveId: str
    folderPath: str


class ExportShape(TypedDict):
    format: Literal["xlsx", "csv", "json"]
    location: DownloadShape | BlobShape | SharePointShape


@_described
class RequestShape(TypedDict):
    action: ActionName
    groupIds: list[Id]
    licenses: list[RequestLicenseShape]
    replaces: Literal["all"] | list[Id]
    usageLocation: str | None
    usageLocationMode: Literal["always", "ifMissing"]
    expiresIn: ExpiresInShape | None
    include: IncludeShape
    confirm: bool
    dryRun: bool
    allowShortage: bool
    keepDisabledPlans: bool
    stopAfterFailures: int | None
    startAt: Time | None
    callbackUrl: str | None
    """Scheme and host only."""
    note: str | None
    export: ExportShape | None
    plan: Id | None
    undoOf: Id | None


class ByShape(TypedDict):
    name: str
    kind: CallerKindName


class CodedErrorShape(TypedDict):
    code: str
    message: str


@_described
class JobGroupShape(TypedDict):
    id: Id
    displayName: str
    status: GroupStatusName
    users: int | None
    """Members that take part; null until the group is expanded."""
    error: CodedErrorShape | None


@_described
class ProgressShape(TypedDict):
    total: int | None
    """Users of the job, each once; null until every group is expanded."""
    done: int
    percent: int


class CountsShape(TypedDict):
    changed: int
    unchanged: int
    failed: int
    retrying: int
    pending: int
    canceled: int


class DemandShape(TypedDict):
    skuId: Id
    displayName: str
    needed: int
    available: int
    shortage: int


class JobWarningShape(TypedDict):
    code: str
    message: str
    users: int


@_described
class LinksShape(TypedDict):
    self: Link
    wait: Link
    """Answers 202 while the job runs and 200 when it has ended; needs no sign-in. Treat it as a secret."""
    items: Link
    report: Link
    file: str | None
    """Where an export's file is, once it is whole."""
    portal: Link


@_described
class JobShape(TypedDict):
    id: Id
    action: ActionName
    status: JobStatusName
    dryRun: bool
    note: str | None
    createdAt: Time
    createdBy: ByShape
    startAt: Time | None
    startedAt: Time | None
    finishedAt: Time | None
    request: RequestShape
    undoOf: Id | None
    undoneBy: Id | None
    plan: Id | None
    """The dry run that this job carries out."""
    groups: list[JobGroupShape]
    progress: ProgressShape
    counts: CountsShape
    demand: list[DemandShape]
    warnings: list[JobWarningShape]
    error: CodedErrorShape | None
    links: LinksShape


class HeldLicenseShape(TypedDict):
    skuId: Id
    disabledPlans: list[Id]
    direct: bool
    inheritedFrom: list[Id]
    expiresAt: Time | None


class BeforeShape(TypedDict):
    licenses: list[HeldLicenseShape]
    usageLocation: str | None


class AddedShape(TypedDict):
    skuId: Id
    disabledPlans: list[Id]
    expiresAt: Time | None


class RemovedShape(TypedDict):
    skuId: Id


# `from` is a keyword, so this one cannot be a class.
LocationChangeShape = TypedDict("LocationChangeShape", {"from": str | None, "to": str})


class ItemErrorShape(TypedDict):
    code: str
    message: str
    graphRequestId: str | None


@_described
class ItemShape(TypedDict):
    userId: Id
    userPrincipalName: str
    displayName: str
    groupIds: list[Id]
    status: ItemStatusName
    reason: str | None
    before: BeforeShape | None
    """What the first reading of the user showed."""
    added: list[AddedShape]
    removed: list[RemovedShape]
    usageLocation: LocationChangeShape | None
    warnings: list[str]
    attempts: int
    """Times taken up."""
    nextAttemptAt: Time | None
    error: ItemErrorShape | None
    updatedAt: Time | None


# --- directory --------------------------------------------------------------------------------------------


class AssignedGroupLicenseShape(TypedDict):
    skuId: Id
    disabledPlans: list[Id]


@_described
class GroupShape(TypedDict):
    id: Id
    displayName: str
    description: str | None
    mail: str | None
    kind: GroupKindName
    dynamic: bool
    assignedLicenses: list[AssignedGroupLicenseShape]
    """Licenses that the group itself gives to its members (group-based licensing)."""


class InheritedFromShape(TypedDict):
    id: Id
    displayName: str


@_described
class MemberLicenseShape(TypedDict):
    skuId: Id
    skuPartNumber: str
    displayName: str
    direct: bool
    inheritedFrom: list[InheritedFromShape]
    disabledPlans: list[Id]
    expiresAt: Time | None
    """When this system takes the license back; null: never."""


class MemberShape(TypedDict):
    id: Id
    userPrincipalName: str
    displayName: str
    accountEnabled: bool
    userType: str
    usageLocation: str | None
    licenses: list[MemberLicenseShape]


@_described
class ServicePlanShape(TypedDict):
    servicePlanId: Id
    servicePlanName: str
    displayName: str
    assignable: bool
    """Whether it can be switched off for a user."""


@_described
class LicenseShape(TypedDict):
    skuId: Id
    skuPartNumber: str
    displayName: str
    enabled: int
    consumed: int
    available: int
    """Units that can still be assigned: enabled + warning - consumed, 0 for a suspended subscription."""
    warning: int
    suspended: int
    lockedOut: int
    status: str
    servicePlans: list[ServicePlanShape]


class AssignedLicenseShape(TypedDict):
    skuId: Id
    displayName: str
    users: int
    direct: int
    inherited: int


class CountryShape(TypedDict):
    code: str
    name: str


# --- temporary licenses, audit, health ----------------------------------------------------------------------


class UserShape(TypedDict):
    id: Id
    userPrincipalName: str
    displayName: str


class GrantLicenseShape(TypedDict):
    skuId: Id
    displayName: str


@_described
class GrantEventShape(TypedDict):
    at: Time
    what: str
    """Granted, Moved, MadePermanent, Ended."""
    expiresAt: Time | None
    by: ByShape
    jobId: Id | None


@_described
class GrantShape(TypedDict):
    id: Id
    user: UserShape
    license: GrantLicenseShape
    expiresAt: Time | None
    """Null once made permanent."""
    createdAt: Time
    jobId: Id
    status: GrantStatusName
    reason: str | None
    """Why it ended."""
    history: list[GrantEventShape]


class AuditShape(TypedDict):
    time: Time
    by: ByShape
    what: str
    jobId: Id | None
    grantId: Id | None
    details: dict[str, Any]


class PartHealthShape(TypedDict):
    ok: bool
    message: str | None


class QueueHealthShape(TypedDict):
    name: str
    messages: int
    poison: int


@_described
class HealthShape(TypedDict):
    status: Literal["Healthy", "Unhealthy"]
    storage: PartHealthShape
    graph: PartHealthShape
    queues: list[QueueHealthShape]
    """Approximate numbers of messages; empty where Storage does not answer."""


# --- subscriptions and events ------------------------------------------------------------------------------


EventName = Literal["job.finished", "license.expiring", "license.expired", "sweep.stopped"]


@_described
class SubscriptionShape(TypedDict):
    id: Id
    events: list[EventName]
    callbackUrl: str
    """Scheme and host only."""
    format: Literal["json", "teams"]
    createdAt: Time
    createdBy: ByShape


@_described
class CreatedSubscriptionShape(SubscriptionShape):
    secret: str
    """Signs what is sent; told this once."""


class EventCountsShape(TypedDict):
    total: int
    changed: int
    unchanged: int
    failed: int
    canceled: int


@_described
class JobFinishedDataShape(TypedDict):
    jobId: Id
    action: ActionName
    status: JobStatusName
    dryRun: bool
    note: str
    """Empty where there is none."""
    createdBy: str
    message: str
    """What went wrong; empty for a job that ended Finished."""
    counts: EventCountsShape
    portalUrl: Link


class EventLicenseShape(TypedDict):
    userPrincipalName: str
    displayName: str
    skuId: Id
    license: str


@_described
class ExpiringLicenseShape(EventLicenseShape):
    expiresAt: Time
    daysLeft: int
    """By the calendar, in UTC: 0 on the day it expires."""


@_described
class LicensesExpiringDataShape(TypedDict):
    total: int
    licenses: list[ExpiringLicenseShape]
    """The first 50, by expiry."""
    portalUrl: Link


@_described
class LicensesExpiredDataShape(TypedDict):
    jobId: Id
    status: JobStatusName
    counts: EventCountsShape
    total: int
    """Licenses that were taken; `counts` are users."""
    licenses: list[EventLicenseShape]
    """The first 50 that were taken."""
    portalUrl: Link


class SweepStoppedDataShape(TypedDict):
    jobId: Id
    code: str
    message: str
    portalUrl: Link


@_described
class _EventShape(TypedDict):
    id: Id
    """The same for each repeat of a delivery."""
    time: Time
    subject: str


class JobFinishedEventShape(_EventShape):
    type: Literal["job.finished"]
    data: JobFinishedDataShape


class LicensesExpiringEventShape(_EventShape):
    type: Literal["license.expiring"]
    data: LicensesExpiringDataShape


class LicensesExpiredEventShape(_EventShape):
    type: Literal["license.expired"]
    data: LicensesExpiredDataShape


class SweepStoppedEventShape(_EventShape):
    type: Literal["sweep.stopped"]
    data: SweepStoppedDataShape


# --- lists ------------------------------------------------------------------------------------------------


class JobListShape(TypedDict):
    value: list[JobShape]
    nextLink: NotRequired[Link]


class ItemListShape(TypedDict):
    value: list[ItemShape]
    nextLink: NotRequired[Link]


class GroupListShape(TypedDict):
    value: list[GroupShape]
    nextLink: NotRequired[Link]


class MemberListShape(TypedDict):
    value: list[MemberShape]
    nextLink: NotRequired[Link]


class LicenseListShape(TypedDict):
    value: list[LicenseShape]
    nextLink: NotRequired[Link]


class ServicePlanListShape(TypedDict):
    value: list[ServicePlanShape]
    nextLink: NotRequired[Link]


class CountryListShape(TypedDict):
    value: list[CountryShape]
    nextLink: NotRequired[Link]


class GrantListShape(TypedDict):
    value: list[GrantShape]
    nextLink: NotRequired[Link]


class AuditListShape(TypedDict):
    value: list[AuditShape]
    nextLink: NotRequired[Link]


class SubscriptionListShape(TypedDict):
    value: list[SubscriptionShape]
    nextLink: NotRequired[Link]


@_described
class AssignedLicensesShape(TypedDict):
    value: list[AssignedLicenseShape]
    usersRead: int
    complete: bool
    """False where 60 seconds did not suffice to read every user."""


class AssignedPageShape(TypedDict):
    """The figures of the users on this page; those of all pages add up."""

    value: list[AssignedLicenseShape]
    usersRead: int
    nextLink: NotRequired[Link]
