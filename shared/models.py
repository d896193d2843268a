"""The values that travel through the domain. All immutable but `Item`, which its chunk owns.

Ids are lower-case GUID strings; times are aware UTC datetimes. Field names are Graph's in snake case.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum, unique
from typing import Literal


@unique
class Action(StrEnum):
    ASSIGN = "assign"
    REMOVE = "remove"
    REPLACE = "replace"
    EXPORT = "export"
    UNDO = "undo"
    EXPIRE = "expire"


@unique
class JobStatus(StrEnum):
    WAITING = "Waiting"
    IN_PROGRESS = "InProgress"
    FINISHED = "Finished"
    FINISHED_WITH_EXCEPTION = "FinishedWithException"
    FAILED = "Failed"
    CANCELED = "Canceled"

    @property
    def terminal(self) -> bool:
        return self not in (JobStatus.WAITING, JobStatus.IN_PROGRESS)


@unique
class GroupStatus(StrEnum):
    PENDING = "pending"
    EXPANDING = "expanding"
    DONE = "done"
    FAILED = "failed"
    CANCELED = "canceled"

    @property
    def terminal(self) -> bool:
        return self in (GroupStatus.DONE, GroupStatus.FAILED, GroupStatus.CANCELED)


@unique
class ItemStatus(StrEnum):
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    FAILED = "failed"
    RETRYING = "retrying"
    PENDING = "pending"
    CANCELED = "canceled"

    @property
    def terminal(self) -> bool:
        return self not in (ItemStatus.PENDING, ItemStatus.RETRYING)


# --- what a user holds ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class HeldLicense:
    """One SKU as a user holds it. `disabled_plans` are those of the direct assignment (sorted), empty without one.

    `inherited_from` are the ids of the groups that give it. Both may be there: held both ways, one unit.
    `expires_at` is that of this system's running grant, if any.
    """

    sku_id: str
    direct: bool = True
    disabled_plans: tuple[str, ...] = ()
    inherited_from: tuple[str, ...] = ()
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class UserState:
    """A user as one reading of Graph showed it. `usage_location` is None where there is none.

    `inherited_disabled_plans` maps a SKU to the plans switched off in every group assignment of it (what the user
    lacks although a group gives the SKU); absent means none. `group_names` are those of groups that give licences, as
    far as they were asked for.
    """

    user_id: str
    usage_location: str | None = None
    licenses: tuple[HeldLicense, ...] = ()
    account_enabled: bool = True
    user_type: str = "Member"
    inherited_disabled_plans: dict[str, tuple[str, ...]] = field(default_factory=dict)
    group_names: Mapping[str, str] = field(default_factory=dict)

    def held(self, sku_id: str) -> HeldLicense | None:
        return next((held for held in self.licenses if held.sku_id == sku_id), None)

    def with_expiries(self, grants: "Mapping[str, Grant]") -> "UserState":
        """The same user, with the expiry of each running grant at the direct assignment it belongs to."""
        if not grants:
            return self
        licenses = tuple(
            replace(held, expires_at=grants[held.sku_id].expires_at)
            if held.direct and held.sku_id in grants
            else held
            for held in self.licenses
        )
        return replace(self, licenses=licenses)


@dataclass(frozen=True, slots=True)
class Grant:
    """A running temporary licence of a user, as the ledger knows it."""

    grant_id: str
    user_id: str
    sku_id: str
    expires_at: datetime
    job_id: str


# --- what a job asks for ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LicenseRequest:
    """A licence to give. `disabled_plans` None: the request named none, so a user's own stay as they are."""

    sku_id: str
    disabled_plans: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class ExpiresIn:
    value: int
    unit: Literal["days", "weeks", "months"]


@dataclass(frozen=True, slots=True)
class ChangeRequest:
    """What to do to each user: the part of a job's request that planning needs.

    `replaces` is "all" or skuIds (replace only). `expires_at` is fixed once per job (assign only), so that no
    rerun moves it. `usage_location` None is "No Change".
    """

    action: Action
    licenses: tuple[LicenseRequest, ...] = ()
    remove_sku_ids: tuple[str, ...] = ()
    replaces: Literal["all"] | tuple[str, ...] = ()
    usage_location: str | None = None
    usage_location_mode: Literal["always", "ifMissing"] = "always"
    keep_disabled_plans: bool = False
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ServicePlan:
    """`display_name` is what people call it; Graph gives the technical name only."""

    service_plan_id: str
    service_plan_name: str
    assignable: bool = True
    display_name: str = ""

    @property
    def name(self) -> str:
        return self.display_name or self.service_plan_name


@dataclass(frozen=True, slots=True)
class Sku:
    """A subscribed SKU of the tenant (Graph: subscribedSku)."""

    sku_id: str
    sku_part_number: str
    capability_status: str
    applies_to: str
    enabled: int
    warning: int
    suspended: int
    locked_out: int
    consumed: int
    service_plans: tuple[ServicePlan, ...] = ()
    display_name: str = ""

    @property
    def name(self) -> str:
        """The product's name, or the part number where it is not known."""
        return self.display_name or self.sku_part_number

    @property
    def available(self) -> int:
        """Units that can still be assigned: `enabled + warning - consumed`, 0 for a suspended subscription."""
        if self.capability_status not in ("Enabled", "Warning"):
            return 0
        return max(0, self.enabled + self.warning - self.consumed)


Catalog = dict[str, Sku]
"""The tenant's SKUs by skuId."""


# --- what planning decides --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AddedLicense:
    """A licence given, or given anew with other plans, or whose grant moved. `expires_at` None: for good."""

    sku_id: str
    disabled_plans: tuple[str, ...] = ()
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class LocationChange:
    before: str | None
    after: str


@unique
class GrantStep(StrEnum):
    """What happens to a temporary grant when an item is carried out.

    OPEN is written before the licence is assigned; the others after the write succeeded.
    """

    OPEN = "open"
    MOVE = "move"
    CLOSE = "close"
    MAKE_PERMANENT = "permanent"


@dataclass(frozen=True, slots=True)
class GrantChange:
    """`reason` is set on CLOSE and MAKE_PERMANENT: AlreadyGone, Removed, Replaced, MadePermanent, Expired, …"""

    step: GrantStep
    sku_id: str
    expires_at: datetime | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class LicensePlan:
    """What is to be done to one user.

    `status` is how the item ends if every write succeeds: changed, unchanged or failed (a failure known before
    any write; the plan may still hold removals that go through, as when another licence is only inherited).
    `add` are the `addLicenses` of the one assignLicense call, `remove` its `removeLicenses`; both empty: no call.
    `regrants` are licences listed in the item's `added` although nothing is written: only their grant moves.
    """

    status: ItemStatus
    reason: str | None = None
    add: tuple[AddedLicense, ...] = ()
    remove: tuple[str, ...] = ()
    regrants: tuple[AddedLicense, ...] = ()
    location: LocationChange | None = None
    grants: tuple[GrantChange, ...] = ()
    warnings: tuple[str, ...] = ()
    error: "ItemError | None" = None

    @property
    def writes_license(self) -> bool:
        return bool(self.add or self.remove)

    @property
    def writes(self) -> int:
        """Graph writes this plan costs."""
        return int(self.writes_license) + int(self.location is not None)


# --- what a job records -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ItemError:
    code: str
    message: str
    graph_request_id: str | None = None


@dataclass(frozen=True, slots=True)
class Before:
    """What the first reading of a user showed, kept for good: the base of `added`, `removed` and undo."""

    licenses: tuple[HeldLicense, ...]
    usage_location: str | None


@dataclass(frozen=True, slots=True)
class Intent:
    """The writes about to be sent for an item, on record before they are.

    `base` is the reading the plan was made from. `doubted_at` is the first moment known to lie after the last of
    these writes that may have been sent: when their answer was seen to be lost, or when a later delivery found the
    intent open. From then on the user's state tells, once Graph's reads have had time to catch up.
    """

    plan: LicensePlan
    base: Before
    doubted_at: datetime | None = None


@dataclass(slots=True)
class Item:
    """One user of a job. `groups` are positions in the job's groups.

    `needs` are the skuIds of which this user takes (took, would take) a unit; before the user is read, as far as the
    group's member list shows it. `givers` are the groups, by name, that alone give what the job was to change.
    `location_at` is when the location was written. `tried_before` of the `attempts` were in former runs.
    """

    user_id: str
    user_principal_name: str
    display_name: str
    groups: tuple[int, ...]
    account_enabled: bool = True
    user_type: str = "Member"
    status: ItemStatus = ItemStatus.PENDING
    reason: str | None = None
    before: Before | None = None
    intent: Intent | None = None
    added: tuple[AddedLicense, ...] = ()
    removed: tuple[str, ...] = ()
    location: LocationChange | None = None
    location_at: datetime | None = None
    needs: tuple[str, ...] = ()
    givers: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    attempts: int = 0
    tried_before: int = 0
    next_attempt_at: datetime | None = None
    error: ItemError | None = None
    updated_at: datetime | None = None

    @property
    def tries(self) -> int:
        """The attempts of this run."""
        return self.attempts - self.tried_before


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asked. `key` identifies the caller for idempotency and rate limits; it never leaves the app."""

    name: str
    kind: Literal["user", "app", "key", "timer"]
    key: str


@dataclass(frozen=True, slots=True)
class ExportLocation:
    """Where an export goes. `container`/`path` for blob, `drive_id`/`folder_path` for sharepoint."""

    kind: Literal["download", "blob", "sharepoint"] = "download"
    container: str | None = None
    path: str | None = None
    drive_id: str | None = None
    folder_path: str | None = None


@dataclass(frozen=True, slots=True)
class ExportRequest:
    format: Literal["xlsx", "csv", "json"] = "xlsx"
    location: ExportLocation = ExportLocation()


@dataclass(frozen=True, slots=True)
class JobRequest:
    """A request as understood: ids in lower case and once, defaults filled in. The base of the idempotency check.

    `plan_id` is the dry run to carry out, `undo_of` the job to undo; both None for a request of its own.
    `callback_url` is kept whole here and shown by scheme and host only.
    """

    action: Action
    group_ids: tuple[str, ...] = ()
    licenses: tuple[LicenseRequest, ...] = ()
    replaces: Literal["all"] | tuple[str, ...] = ()
    usage_location: str | None = None
    usage_location_mode: Literal["always", "ifMissing"] = "always"
    expires_in: ExpiresIn | None = None
    include_guests: bool = True
    include_disabled: bool = True
    confirm: bool = False
    dry_run: bool = False
    allow_shortage: bool = False
    keep_disabled_plans: bool = False
    stop_after_failures: int | None = None
    start_at: datetime | None = None
    callback_url: str | None = None
    note: str | None = None
    export: ExportRequest | None = None
    plan_id: str | None = None
    undo_of: str | None = None


@dataclass(frozen=True, slots=True)
class CodedError:
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class JobGroup:
    """A selected group in a job. `users` is None until it is expanded."""

    group_id: str
    display_name: str
    status: GroupStatus = GroupStatus.PENDING
    users: int | None = None
    error: CodedError | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    """Items by status; derived from the chunk records, never incremented."""

    changed: int = 0
    unchanged: int = 0
    failed: int = 0
    retrying: int = 0
    pending: int = 0
    canceled: int = 0

    @property
    def total(self) -> int:
        return self.changed + self.unchanged + self.failed + self.retrying + self.pending + self.canceled

    @property
    def done(self) -> int:
        return self.changed + self.unchanged + self.failed + self.canceled


@dataclass(frozen=True, slots=True)
class Demand:
    sku_id: str
    needed: int
    available: int

    @property
    def shortage(self) -> int:
        return max(0, self.needed - self.available)


@dataclass(frozen=True, slots=True)
class JobWarning:
    """`groups` are the groups behind an `InheritedOnly`, by name; the first few of them."""

    code: str
    users: int
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class JobView:
    """A job as its readers see it: the record, its groups, and totals derived from its chunks.

    `total` is None until every group is expanded.
    """

    job_id: str
    status: JobStatus
    request: JobRequest
    created_at: datetime
    created_by: Caller
    wait_token: str
    started_at: datetime | None = None
    finished_at: datetime | None = None
    undone_by: str | None = None
    groups: tuple[JobGroup, ...] = ()
    total: int | None = None
    counts: Counts = Counts()
    demand: tuple[Demand, ...] = ()
    warnings: tuple[JobWarning, ...] = ()
    error: CodedError | None = None
    file: str | None = None
