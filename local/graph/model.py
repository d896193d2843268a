"""The objects of a directory: SKUs, users with their licences per source, groups, devices and contacts.

A user's licences are one immutable tuple of `Assignment`, so keeping an older state for
delayed reads, or for the change log, costs a reference.
"""

import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from local.graph.catalog import PlanInfo, load_catalog
from local.graph.intervals import Intervals


class Assignment(NamedTuple):
    """One licence from one source; `group_id` is None for a direct one. `error` is "None" when there is none."""

    sku_id: str
    group_id: str | None
    disabled: tuple[str, ...]
    state: str
    error: str
    updated: str

    @property
    def counts(self) -> bool:
        """Whether it gives the licence to the user and so takes a unit."""
        return self.state != "Error"


Licenses = tuple[Assignment, ...]


class Profile(NamedTuple):
    """What a directory knows of a person besides the licence fields."""

    given_name: str | None
    surname: str | None
    job_title: str | None
    department: str | None
    office: str | None


NO_PROFILE = Profile(None, None, None, None, None)


@dataclass(slots=True, eq=False)
class Sku:
    """A subscription. Units: usable ones are enabled + warning, none while it is suspended."""

    sku_id: str
    part_number: str
    plans: tuple[PlanInfo, ...]
    enabled: int
    warning: int = 0
    suspended: int = 0
    locked_out: int = 0
    applies_to: str = "User"
    status_override: str | None = None
    consumed: int = 0
    plan_ids: frozenset[str] = field(init=False)
    ruled_plans: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        self.plan_ids = frozenset(plan.id for plan in self.plans)
        ruled = load_catalog().ruled
        self.ruled_plans = tuple(plan.id for plan in self.plans if plan.id in ruled)

    @property
    def status(self) -> str:
        """capabilityStatus: `Enabled` while a unit is enabled, then the state of the others."""
        if self.status_override:
            return self.status_override
        if self.enabled:
            return "Enabled"
        if self.warning:
            return "Warning"
        return "LockedOut" if self.locked_out else "Suspended"

    @property
    def free_units(self) -> int:
        if self.status not in ("Enabled", "Warning"):
            return 0
        return max(self.enabled + self.warning - self.consumed, 0)


@dataclass(slots=True, eq=False)
class User:
    """A user with true state, plus what delayed reads still show.

    `shown` and `locations` hold (until, licences, usageLocation) and (until, usageLocation) of earlier states, oldest
    first: the first whose time has not come is what a reader sees.
    """

    id: str
    display_name: str
    user_principal_name: str
    usage_location: str | None
    licenses: Licenses = ()
    account_enabled: bool = True
    user_type: str = "Member"
    profile: Profile = NO_PROFILE
    bulk_index: int = -1
    shown: list[tuple[float, Licenses, str | None]] | None = None
    locations: list[tuple[float, str | None]] | None = None

    def seen_at(self, now: float) -> tuple[Licenses, str | None]:
        """Licences and usageLocation as a GET answers them at `now`."""
        while self.shown:
            until, licenses, location = self.shown[0]
            if until > now:
                return licenses, location
            self.shown.pop(0)
        return self.licenses, self.usage_location

    def location_for_assignment(self, now: float) -> str | None:
        """usageLocation as assignLicense sees it at `now`."""
        while self.locations:
            until, location = self.locations[0]
            if until > now:
                return location
            self.locations.pop(0)
        return self.usage_location


@dataclass(slots=True, eq=False)
class OtherObject:
    """A device, contact or the like that can be a member; `kind` is its type, such as `device`."""

    id: str
    display_name: str
    kind: str


@dataclass(slots=True, eq=False)
class Membership:
    """Direct members: ids in order, and users made in bulk as ranges of their numbers."""

    ids: dict[str, None] = field(default_factory=dict)
    bulk: Intervals = field(default_factory=Intervals)

    def copy(self) -> "Membership":
        return Membership(dict(self.ids), self.bulk)


@dataclass(slots=True, eq=False)
class Group:
    """A group; `kind` is one of `GROUP_KINDS`."""

    id: str
    display_name: str
    kind: str
    dynamic: bool = False
    description: str | None = None
    members: Membership = field(default_factory=Membership)
    assigned: dict[str, tuple[str, ...]] = field(default_factory=dict)
    processing_since: float | None = None
    shown: list[tuple[float, Membership]] | None = None

    @property
    def security_enabled(self) -> bool:
        return self.kind in ("security", "mailEnabledSecurity")

    @property
    def mail_enabled(self) -> bool:
        return self.kind != "security"

    @property
    def mail(self) -> str | None:
        return f"{self.id[:8]}@contoso.com" if self.mail_enabled else None

    @property
    def group_types(self) -> list[str]:
        types = ["Unified"] if self.kind == "microsoft365" else []
        return [*types, "DynamicMembership"] if self.dynamic else types

    def members_at(self, now: float) -> Membership:
        """Members as a listing answers them at `now`."""
        while self.shown:
            until, members = self.shown[0]
            if until > now:
                return members
            self.shown.pop(0)
        return self.members


GROUP_KINDS = ("security", "microsoft365", "mailEnabledSecurity", "distribution")

DirectoryObject = User | Group | OtherObject


@dataclass(slots=True)
class Lag:
    """Seconds for which a reader still sees what was before a write."""

    read_after_write: float = 0.0
    usage_location: float = 0.0
    members: float = 0.0


def new_guid(rng: random.Random) -> str:
    """A version 4 GUID drawn from `rng`."""
    digits = f"{rng.getrandbits(120):030x}"
    return f"{digits[:8]}-{digits[8:12]}-4{digits[12:15]}-9{digits[15:18]}-{digits[18:]}"


def skus_held(licenses: Iterable[Assignment]) -> set[str]:
    """The SKUs that these assignments give; each takes one unit however many sources it has."""
    return {item.sku_id for item in licenses if item.counts}
