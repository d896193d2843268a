"""The ledger of temporary licences: what was granted until when, to whom, by which job, and how it ended.

A grant is on record before its licence is assigned, and it ends on record after its licence is gone. Jobs over one
user take turns (their chunks claim ranges of users), but a person may change a grant at any moment. So every change
is conditional on the grant being as it was read; whoever comes second reads again and decides anew.

A sweep announces each grant that it is about to take (`ending`). From then on a person's change is refused, so that
nobody is told 'extended' about a licence that is being removed. A sweep that died leaves its announcement behind;
after `ANNOUNCED_FOR` it counts for nothing.
"""

import logging
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Literal

from shared.api.fields import is_guid
from shared.api.other_bodies import GrantTerm
from shared.api.record_answers import GrantEvent, GrantView
from shared.clock import Clock
from shared.errors import Conflict, NotFound
from shared.jobs.records import JobRecord
from shared.models import Action, Caller, Grant, GrantChange, GrantStep, Item, LicensePlan
from shared.planning import codes
from shared.storage.grant_rows import Change, GrantRecord, Stored, due_key, ended_key
from shared.storage.grant_store import Filter, GrantStore
from shared.storage.tables import Superseded

log = logging.getLogger(__name__)

NOT_ASSIGNED = "NotAssigned"
"""The reason of a grant whose licence was not assigned after all. Contract, as those in `shared.planning.codes`."""
ANNOUNCED_FOR = timedelta(minutes=15)
"""Longer than a sweep's write may take and a killed host's message stays hidden (10 minutes)."""
MAX_HISTORY = 100
"""Entries a grant keeps: the first and the latest. Every change of a person stands in the audit as well."""
_TRIES = 20
"""Each loss means that another one won; twenty in a row do not happen to work that is alive."""

GrantStatus = Literal["running", "ending", "ended"]
Entry = tuple[Item, LicensePlan]
Slots = Mapping[str, Stored]
"""A user's running grants by skuId."""


@dataclass(frozen=True, slots=True)
class UserDue:
    """A user with a grant that is due, named as when it was granted."""

    user_id: str
    user_principal_name: str
    display_name: str


@dataclass(frozen=True, slots=True)
class _Steps:
    """What a plan does to the grant of one SKU. `close` stands beside OPEN where a stale grant gives way to it."""

    last: GrantChange
    close: GrantChange | None = None


class Ledger:
    """Every method raises StorageUnavailable where the store does, and Superseded if grants kept changing."""

    def __init__(self, store: GrantStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    # --- for jobs -----------------------------------------------------------------------------------------

    def running(self, user_ids: Sequence[str]) -> dict[str, dict[str, Grant]]:
        """The running grants of each of these users by skuId, those that a sweep is about to take included."""
        found: dict[str, dict[str, Grant]] = {user_id: {} for user_id in user_ids}
        for grant in self._store.running(user_ids):
            found[grant.user_id][grant.sku_id] = grant
        return found

    def prepare(self, job: JobRecord, entries: Iterable[Entry]) -> set[str]:
        """Before the writes: record what is about to be granted, announce what a sweep is about to take.

        Idempotent. Answers the users whose grants are not what their plan was made from: they are planned again.
        """
        now = self._clock()
        moved: set[str] = set()

        def decide(item: Item, plan: LicensePlan, slots: Slots) -> list[Change]:
            try:
                return [
                    change
                    for sku_id, steps in _steps(plan).items()
                    for change in _prepared(job, item, steps, slots.get(sku_id), now)
                ]
            except _Outdated:
                moved.add(item.user_id)
                return []

        self._settle([entry for entry in entries if any(map(_comes_first, entry[1].grants))], decide)
        return moved

    def carry_out(self, job: JobRecord, entries: Iterable[Entry]) -> None:
        """After the writes: what the plans say about grants holds from now on. Idempotent."""
        now = self._clock()

        @cache
        def ended_meanwhile() -> frozenset[tuple[str, str]]:
            """Grants of this job that others ended, by user and SKU. A job that a crash held up must not bring
            back what a person made permanent while it was away.
            """
            records = self._store.ended_since(job.facts.created_at, job.job_id)
            return frozenset((one.user_id, one.sku_id) for one in records if one.reason != NOT_ASSIGNED)

        def decide(item: Item, plan: LicensePlan, slots: Slots) -> list[Change]:
            written = {added.sku_id for added in plan.add}
            changes = []
            for sku_id, steps in _steps(plan).items():
                stored = slots.get(sku_id)
                if steps.last.step is not GrantStep.OPEN:
                    changes += _carried_out(job, steps.last, stored, now)
                    continue
                lost = stored is None and sku_id in written
                if _may_open(job, steps, stored) and not (
                    lost and (item.user_id, sku_id) in ended_meanwhile()
                ):
                    changes += _opened(job, item, steps, stored, now)
            return changes

        self._settle([entry for entry in entries if entry[1].grants], decide)

    def not_assigned(self, job: JobRecord, entries: Iterable[Entry]) -> None:
        """The writes did not happen: end what `prepare` recorded, take its announcements back. Idempotent."""
        by = _By(job.facts.created_by, job.job_id, self._clock())

        def decide(_item: Item, plan: LicensePlan, slots: Slots) -> list[Change]:
            changes = []
            for sku_id, steps in _steps(plan).items():
                stored = slots.get(sku_id)
                if stored is None:
                    continue
                record = stored.record
                if steps.last.step is GrantStep.OPEN and record.job_id == job.job_id:
                    changes.append(Change(stored, ended=by.ended(record, NOT_ASSIGNED)))
                elif record.ending_by == job.job_id:
                    changes.append(Change(stored, running=_unannounced(record)))
            return changes

        self._settle([entry for entry in entries if any(map(_comes_first, entry[1].grants))], decide)

    def users_due(self, cutoff: datetime) -> Iterator[UserDue]:
        """Each user once who has a grant that expires at `cutoff` or before."""
        seen: set[str] = set()
        for record in self._store.due(cutoff):
            if record.user_id not in seen:
                seen.add(record.user_id)
                yield UserDue(record.user_id, record.user_principal_name, record.user_display_name)

    def count_due(self, cutoff: datetime) -> int:
        """Grants that expire at `cutoff` or before."""
        return self._store.count_due(cutoff)

    def last_sweep(self) -> str | None:
        """The sweep job noted last."""
        return self._store.last_sweep()

    def note_sweep(self, job_id: str) -> None:
        """Note the latest sweep job."""
        self._store.note_sweep(job_id)

    def _settle(
        self, entries: list[Entry], decide: Callable[[Item, LicensePlan, Slots], list[Change]]
    ) -> None:
        """Read the users' grants, decide and write; what changed under us is read and decided again."""
        for _ in range(_TRIES):
            if not entries:
                return
            slots = self._store.of_users([item.user_id for item, _ in entries])
            changes = [
                change for item, plan in entries for change in decide(item, plan, slots.get(item.user_id, {}))
            ]
            lost = {change.user_id for change in self._store.commit(changes)}
            entries = [entry for entry in entries if entry[0].user_id in lost]
        raise Superseded("grants kept changing while they were written")

    def forget_ended_before(self, moment: datetime) -> None:
        """Grants that ended before that moment are no longer on record; running ones always are."""
        self._store.forget_ended_before(moment)

    def put_back_due_rows(self) -> None:
        """A running grant that is not found by its expiry, as where tables were restored in part, is again."""
        found = self._store.put_back_due_rows()
        if found:
            log.warning("%d temporary licenses were not listed by their expiry and are again", found)

    # --- for people ---------------------------------------------------------------------------------------

    def find(
        self,
        status: GrantStatus | None = None,
        user_id: str | None = None,
        sku_id: str | None = None,
        expires_before: datetime | None = None,
        page_size: int = 100,
        cursor: str | None = None,
    ) -> tuple[list[GrantView], str | None]:
        """A page of grants, and where the next one begins (None: nowhere). Running ones (the default) and those
        that are ending come by expiry, ended ones the latest first. `cursor` may be any text.
        """
        now, key = self._clock(), ended_key if status == "ended" else due_key
        only = Filter(user_id, sku_id, expires_before)
        if status != "ended":
            only = replace(only, announced=status == "ending", announced_since=now - ANNOUNCED_FOR)
        read = self._store.list_ended if status == "ended" else self._store.list_running
        records = read(only, cursor or "", page_size + 1)
        page = records[:page_size]
        return [_view(record, now) for record in page], key(page[-1]) if len(records) > len(page) else None

    def get(self, grant_id: str) -> GrantView:
        """Raises NotFound (`GrantNotFound`)."""
        return _view(self._on_record(grant_id).record, self._clock())

    def change(self, grant_id: str, term: GrantTerm, caller: Caller, now: datetime) -> GrantView:
        """Move the expiry, or make the licence permanent. An expiry in the past ends it at the next sweep.

        Raises:
            NotFound: GrantNotFound.
            Conflict: GrantEnded; also while a sweep is about to take the licence.
        """
        by = _By(caller, None, now)
        for _ in range(_TRIES):
            stored = self._on_record(grant_id)
            _refuse_unless_running(stored.record, now)
            if term.expires_at is None:
                record = by.ended(stored.record, codes.MADE_PERMANENT)
                change = Change(stored, ended=record)
            else:
                record = by.moved(stored.record, term.expires_at)
                change = Change(stored, running=record)
            if record == stored.record or not self._store.commit([change]):
                return _view(record, now)
        raise Superseded(f"grant {grant_id}")

    def _on_record(self, grant_id: str) -> Stored:
        stored = self._store.by_id(grant_id.lower()) if is_guid(grant_id) else None
        if stored is None:
            raise NotFound(
                f"There is no temporary license {grant_id[:100]}. GET /api/temporary-licenses lists them.",
                code="GrantNotFound",
                target="id",
            )
        return stored


class _Outdated(Exception):
    """A plan was made from grants that have changed since."""


@dataclass(frozen=True, slots=True)
class _By:
    """Who changes grants, for which job, and when."""

    caller: Caller
    job_id: str | None
    now: datetime

    def granted(self, item: Item, job_id: str, sku_id: str, expires_at: datetime) -> GrantRecord:
        return GrantRecord(
            grant_id=str(uuid.uuid4()),
            user_id=item.user_id,
            user_principal_name=item.user_principal_name,
            user_display_name=item.display_name,
            sku_id=sku_id,
            job_id=job_id,
            created_at=self.now,
            expires_at=expires_at,
            history=(self._event("Granted", expires_at),),
        )

    def moved(self, record: GrantRecord, expires_at: datetime) -> GrantRecord:
        """A sweep's announcement falls with the expiry that it was made for."""
        if expires_at == record.expires_at:
            return _unannounced(record)
        history = _grown(record.history, self._event("Moved", expires_at))
        return replace(_unannounced(record), expires_at=expires_at, history=history)

    def ended(self, record: GrantRecord, reason: str) -> GrantRecord:
        permanent = reason == codes.MADE_PERMANENT
        expires_at = None if permanent else record.expires_at
        event = self._event("MadePermanent" if permanent else "Ended", expires_at)
        return replace(
            _unannounced(record),
            expires_at=expires_at,
            history=_grown(record.history, event),
            ended_at=self.now,
            reason=reason,
        )

    def _event(self, what: str, expires_at: datetime | None) -> GrantEvent:
        return GrantEvent(self.now, what, self.caller, expires_at, self.job_id)


def _steps(plan: LicensePlan) -> dict[str, _Steps]:
    """By skuId, in the plan's order."""
    steps: dict[str, _Steps] = {}
    for change in plan.grants:
        former = steps.get(change.sku_id)
        steps[change.sku_id] = _Steps(change, former.last if former else None)
    return steps


def _comes_first(change: GrantChange) -> bool:
    """Whether the step concerns the ledger before the write."""
    return change.step is GrantStep.OPEN or change.reason == codes.EXPIRED


def _prepared(
    job: JobRecord, item: Item, steps: _Steps, stored: Stored | None, now: datetime
) -> list[Change]:
    """Raises _Outdated."""
    if steps.last.step is GrantStep.OPEN:
        if not _may_open(job, steps, stored):
            raise _Outdated
        return _opened(job, item, steps, stored, now)
    if steps.last.reason != codes.EXPIRED:
        return []
    cutoff = job.cutoff or job.facts.created_at
    if stored is None or stored.record.expires_at is None or stored.record.expires_at > cutoff:
        raise _Outdated
    announced = replace(stored.record, ending_since=now, ending_by=job.job_id)
    return [Change(stored, running=announced)] if announced != stored.record else []


def _may_open(job: JobRecord, steps: _Steps, stored: Stored | None) -> bool:
    """Not where another job's grant runs that the plan does not know of."""
    return stored is None or stored.record.job_id == job.job_id or steps.close is not None


def _opened(job: JobRecord, item: Item, steps: _Steps, stored: Stored | None, now: datetime) -> list[Change]:
    """A new grant, in place of a stale one if there is one; none where this job's own runs already."""
    expires_at = steps.last.expires_at
    if expires_at is None:
        raise ValueError("a temporary grant needs an expiry")
    if stored is not None and stored.record.job_id == job.job_id:
        return []
    by = _By(job.facts.created_by, job.job_id, now)
    stale = by.ended(stored.record, _reason(steps.close)) if stored else None
    return [Change(stored, stale, by.granted(item, job.job_id, steps.last.sku_id, expires_at))]


def _carried_out(job: JobRecord, step: GrantChange, stored: Stored | None, now: datetime) -> list[Change]:
    """Any step but OPEN. A grant that has ended meanwhile stays ended, for the reason it has."""
    if stored is None:
        return []
    by, record = _By(job.facts.created_by, job.job_id, now), stored.record
    if step.step is not GrantStep.MOVE:
        return [Change(stored, ended=by.ended(record, _reason(step)))]
    expires_at = _later_wins(job, record, step)
    moved = by.moved(record, expires_at)
    return [Change(stored, running=moved)] if moved != record else []


def _later_wins(job: JobRecord, record: GrantRecord, step: GrantChange) -> datetime:
    """An assign never shortens a grant, also not one that a person extended after it was planned."""
    if step.expires_at is None or record.expires_at is None:
        raise ValueError("a grant moves from one expiry to another")
    return max(record.expires_at, step.expires_at) if job.request.action is Action.ASSIGN else step.expires_at


def _reason(step: GrantChange | None) -> str:
    if step is None or step.reason is None:
        raise ValueError("a grant ends for a reason")
    return step.reason


def _grown(history: tuple[GrantEvent, ...], event: GrantEvent) -> tuple[GrantEvent, ...]:
    if len(history) < MAX_HISTORY:
        return (*history, event)
    return (history[0], *history[-(MAX_HISTORY - 2) :], event)


def _unannounced(record: GrantRecord) -> GrantRecord:
    return replace(record, ending_since=None, ending_by=None)


def _is_announced(record: GrantRecord, now: datetime) -> bool:
    return record.ending_since is not None and record.ending_since >= now - ANNOUNCED_FOR


def _refuse_unless_running(record: GrantRecord, now: datetime) -> None:
    """Raises Conflict."""
    if record.ended_at is not None:
        raise Conflict(
            f"This temporary license ended already ({record.reason}). To give the license again, make a new job.",
            code="GrantEnded",
            target="id",
        )
    if _is_announced(record, now):
        raise Conflict(
            "An expiry sweep is removing this license right now. Look again in a few minutes: if the license still "
            "runs then, repeat the change; if it has ended, undo the sweep's job to give it back.",
            code="GrantEnded",
            target="id",
        )


def _view(record: GrantRecord, now: datetime) -> GrantView:
    running: GrantStatus = "ending" if _is_announced(record, now) else "running"
    return GrantView(
        grant_id=record.grant_id,
        user_id=record.user_id,
        user_principal_name=record.user_principal_name,
        user_display_name=record.user_display_name,
        sku_id=record.sku_id,
        expires_at=record.expires_at,
        created_at=record.created_at,
        job_id=record.job_id,
        status=running if record.ended_at is None else "ended",
        reason=record.reason,
        history=record.history,
    )
