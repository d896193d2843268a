"""A plan in the making: the steps of each licence are collected, then settled into one `LicensePlan`."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from shared.models import (
    AddedLicense,
    Grant,
    GrantChange,
    GrantStep,
    ItemError,
    ItemStatus,
    LicensePlan,
    LocationChange,
    UserState,
)
from shared.planning import codes
from shared.planning.refusals import refused, usage_location_missing


@dataclass(slots=True)
class Draft:
    """What is to be done to one user so far. A licence is in one of `add`, `remove`, `regrants` at most."""

    add: list[AddedLicense] = field(default_factory=list)
    remove: list[str] = field(default_factory=list)
    regrants: list[AddedLicense] = field(default_factory=list)
    grants: list[GrantChange] = field(default_factory=list)

    @property
    def changes_licenses(self) -> bool:
        return bool(self.add or self.remove or self.regrants)

    def give(self, sku_id: str, disabled_plans: Iterable[str], expires_at: datetime | None) -> None:
        """Assign a licence that is not held; temporary with an expiry."""
        self.add.append(_added(sku_id, disabled_plans, expires_at))
        if expires_at is not None:
            self.grants.append(GrantChange(GrantStep.OPEN, sku_id, expires_at=expires_at))

    def keep(
        self,
        sku_id: str,
        *,
        held_plans: Iterable[str],
        wanted_plans: Iterable[str],
        grant: Grant | None,
        expires_at: datetime | None,
    ) -> None:
        """A direct assignment stays; its disabled plans and its expiry become the given ones.

        Plans that differ (as sets) cost a write; an expiry that differs moves only our record.
        """
        wanted = _added(sku_id, wanted_plans, expires_at)
        change = _expiry_change(sku_id, grant, expires_at)
        if set(wanted.disabled_plans) != set(held_plans):
            self.add.append(wanted)
        elif change:
            self.regrants.append(wanted)
        if change:
            self.grants.append(change)

    def take(self, sku_id: str, grant: Grant | None, reason: str) -> None:
        """Remove the direct assignment; a running grant ends with `reason`."""
        self.remove.append(sku_id)
        self.close(sku_id, grant, reason)

    def close(self, sku_id: str, grant: Grant | None, reason: str) -> None:
        """End the running grant, if there is one."""
        if grant is not None:
            self.grants.append(GrantChange(GrantStep.CLOSE, sku_id, reason=reason))

    def settle(
        self,
        user: UserState | None,
        location: LocationChange | None,
        *,
        idle_reason: str | None,
        error: ItemError | None = None,
    ) -> LicensePlan:
        """The plan. `idle_reason` says why no licence changes, if none does, also where the location does.

        Who has no location and gets none is refused if a licence would be added, as Graph would refuse it.
        `user` None was deleted.
        """
        if self.add and not (location or (user and user.usage_location)):
            return refused(usage_location_missing())
        changed = self.changes_licenses or location is not None
        reason = None if self.changes_licenses else idle_reason
        status = ItemStatus.CHANGED if changed else ItemStatus.UNCHANGED
        return LicensePlan(
            status=ItemStatus.FAILED if error else status,
            reason=error.code if error else reason,
            add=tuple(self.add),
            remove=tuple(self.remove),
            regrants=tuple(self.regrants),
            location=location,
            grants=tuple(self.grants),
            error=error,
        )


def _added(sku_id: str, disabled_plans: Iterable[str], expires_at: datetime | None) -> AddedLicense:
    return AddedLicense(sku_id, tuple(sorted(set(disabled_plans))), expires_at)


def _expiry_change(sku_id: str, grant: Grant | None, expires_at: datetime | None) -> GrantChange | None:
    """How our record gets from the running grant (None: for good) to the wanted expiry."""
    if grant is None:
        return GrantChange(GrantStep.OPEN, sku_id, expires_at=expires_at) if expires_at else None
    if expires_at is None:
        return GrantChange(GrantStep.MAKE_PERMANENT, sku_id, reason=codes.MADE_PERMANENT)
    if expires_at == grant.expires_at:
        return None
    return GrantChange(GrantStep.MOVE, sku_id, expires_at=expires_at)
