"""Jobs, items and plans, so that a case states only what it is about."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import NAMESPACE_DNS, uuid5

from shared.jobs.records import JobFacts, JobRecord, user_hash
from shared.ledger import Ledger
from shared.models import (
    Action,
    AddedLicense,
    Caller,
    GrantChange,
    GrantStep,
    Item,
    ItemStatus,
    JobRequest,
    LicensePlan,
)

NOW: Final = datetime(2026, 3, 15, 12, tzinfo=UTC)
PAST: Final = NOW - timedelta(days=1)
SOON: Final = NOW + timedelta(days=10)
LATER: Final = NOW + timedelta(days=90)

VISIO: Final = str(uuid5(NAMESPACE_DNS, "visio"))
PROJECT: Final = str(uuid5(NAMESPACE_DNS, "project"))

ADELE: Final = Caller("adele@contoso.com", "user", "user|adele")
FLOW: Final = Caller("nightly flow", "app", "app|flow")

Entry = tuple[Item, LicensePlan]


@dataclass
class SetClock:
    """A clock that a test sets."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now

    def advance(self, by: timedelta) -> None:
        self.now += by


def job(action: Action = Action.ASSIGN, name: str = "first", cutoff: datetime | None = None) -> JobRecord:
    facts = JobFacts(JobRequest(action), created_at=NOW, created_by=ADELE, wait_token="t")
    return JobRecord(str(uuid5(NAMESPACE_DNS, f"job {name}")), facts, cutoff=cutoff)


def sweep_job(name: str = "sweep", cutoff: datetime = NOW) -> JobRecord:
    return job(Action.EXPIRE, name, cutoff)


def user_id(n: int) -> str:
    return str(uuid5(NAMESPACE_DNS, f"user {n}"))


def items(count: int) -> list[Item]:
    """As a chunk has them: sorted by hash."""
    made = [item(n) for n in range(count)]
    return sorted(made, key=lambda one: (user_hash(one.user_id), one.user_id))


def item(n: int = 0) -> Item:
    return Item(user_id(n), f"user{n}@contoso.com", f"User {n}", (0,))


def plan(*changes: GrantChange) -> LicensePlan:
    """With the writes that belong to these steps: what is opened is assigned, what is closed is removed."""
    opened = [change for change in changes if change.step is GrantStep.OPEN]
    add = tuple(AddedLicense(change.sku_id, expires_at=change.expires_at) for change in opened)
    kept = {change.sku_id for change in opened}
    remove = tuple(
        change.sku_id
        for change in changes
        if change.step is GrantStep.CLOSE and change.sku_id not in kept and change.reason != "AlreadyGone"
    )
    return LicensePlan(ItemStatus.CHANGED, add=add, remove=remove, grants=changes)


def opens(expires_at: datetime = SOON, sku_id: str = VISIO) -> GrantChange:
    return GrantChange(GrantStep.OPEN, sku_id, expires_at=expires_at)


def moves(expires_at: datetime, sku_id: str = VISIO) -> GrantChange:
    return GrantChange(GrantStep.MOVE, sku_id, expires_at=expires_at)


def closes(reason: str, sku_id: str = VISIO) -> GrantChange:
    return GrantChange(GrantStep.CLOSE, sku_id, reason=reason)


def expires(sku_id: str = VISIO) -> GrantChange:
    return closes("Expired", sku_id)


def makes_permanent(sku_id: str = VISIO) -> GrantChange:
    return GrantChange(GrantStep.MAKE_PERMANENT, sku_id, reason="MadePermanent")


def give(
    ledger: Ledger, who: Iterable[Item], *changes: GrantChange, by: JobRecord | None = None
) -> JobRecord:
    """Carry a temporary assignment out, from beginning to end; one licence until SOON unless told otherwise."""
    by = by or job()
    entries = [(one, plan(*(changes or (opens(),)))) for one in who]
    assert ledger.prepare(by, entries) == set()
    ledger.carry_out(by, entries)
    return by
