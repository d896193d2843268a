"""A portion of a chunk: read, plan, record the intent, write, record the result.

Whatever happens between two of these steps, the record tells how to go on:

    no intent                       nothing was sent: plan from a fresh reading
    intent, then silence            something may have been sent: the user's state tells, once reads caught up
    result                          done; the user is not touched again
"""

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from shared.errors import START_AGAIN, TRIED_AGAIN, GraphError, PassingGraphError
from shared.graph.refusals import LicenseRefusal, explain
from shared.graph.users import LicenseChange, WriteResult
from shared.jobs import items as rules
from shared.jobs.changing import change_job
from shared.jobs.planned import Sources, givers, plan_item, with_group_names
from shared.jobs.records import ChunkRecord, JobRecord
from shared.jobs.services import Services
from shared.jobs.units import FRESH, sold_out, with_units
from shared.models import (
    Action,
    Before,
    Catalog,
    Grant,
    GrantStep,
    Intent,
    Item,
    ItemError,
    ItemStatus,
    LicensePlan,
    UserState,
)
from shared.pacing import WritePacer
from shared.planning import Applied, codes, license_applied, location_applied
from shared.storage.work_store import Claim

log = logging.getLogger(__name__)

ROUNDS = 3
"""Times a user is read and planned again in one go after a refusal that shows a change under us."""
CHANGED_UNDER_US = ("NotHeld", "LicenseInherited")
LOCATION_SETTLES = timedelta(minutes=5)
"""A location set so recently may not be seen yet by assignLicense (reported by users; no figure is published)."""
AFTER_DOUBT = timedelta(seconds=2)
LAST_LOOKS = 3
"""Tries, after the last one whose answer was lost, to find out what it did."""
Grants = Mapping[str, Mapping[str, Grant]]


@dataclass(slots=True)
class Portion:
    """What the portions of one chunk share. `others` are claims of other jobs over some of these users."""

    services: Services
    job: JobRecord
    chunk: ChunkRecord
    others: Sequence[Claim]
    stopping: bool
    throttled: bool = False
    _stamps: list[tuple[float, int]] = field(default_factory=list)
    _written: dict[str, list[Item]] | None = None
    _sources: Sources | None = None

    @property
    def dry(self) -> bool:
        return self.job.request.dry_run or self.job.request.action is Action.EXPORT

    def save(self) -> None:
        self.services.jobs.save_chunk(self.job.job_id, self.chunk)

    def take_stamps(self) -> list[tuple[float, int]]:
        stamps, self._stamps = self._stamps, []
        return stamps

    def stamp(self, results: Mapping[str, WriteResult]) -> None:
        """Remember when Graph answered, in seconds since the epoch, for the write limit."""
        offset = time.time() - time.monotonic()
        self._stamps += [(result.answered_at + offset, 1) for result in results.values()]
        self._hold(self.services.pacer, [result.error for result in results.values()])

    def note_readings(self, states: Mapping[str, UserState | GraphError]) -> None:
        """Let nobody read for as long as Graph asks, if it refused any of these."""
        self._hold(self.services.reads, list(states.values()))

    def _hold(self, pacer: WritePacer, results: Sequence[object]) -> None:
        waits = [
            result.retry_after or self.services.settings.retry.delay_seconds
            for result in results
            if isinstance(result, PassingGraphError) and result.status == 429
        ]
        if waits:
            self.throttled = True
            pacer.hold(max(waits))

    def cancel(self, todo: list[Item]) -> list[Item]:
        """End what has not begun; what is left has a write whose outcome must be found out first."""
        now = self.services.clock()
        for item in todo:
            if item.intent is None:
                rules.cancel(item, now)
        self.save()
        return [item for item in todo if item.intent is not None]

    def sources(self) -> Sources:
        """The items that this chunk's items come from, if it carries out a plan or undoes a job."""
        if self._sources is None:
            self._sources = Sources.of(self.services, self.job, self.chunk)
        return self._sources

    def written_lately(self, item: Item) -> list[Item]:
        """Items over the same user, of other jobs and this one itself, whose writes Graph may not show yet."""
        if self._written is None:
            self._written = self._read_written()
        return [*self._written.get(item.user_id, ()), item]

    def _read_written(self) -> dict[str, list[Item]]:
        since = self.services.clock() - timedelta(seconds=self.services.settings.read_delay_seconds)
        written: dict[str, list[Item]] = {}
        for claim in self.others:
            if claim.released_at is not None and claim.released_at < since and not claim.in_doubt:
                continue
            chunk = self.services.jobs.chunk(claim.job_id, claim.chunk)
            for other in chunk.items if chunk else ():
                written.setdefault(other.user_id, []).append(other)
        return written


def carry_out(portion: Portion, items: Sequence[Item]) -> None:
    """Bring each item to its end, or to a time for the next try. The chunk is saved before and after the writes."""
    for item in items:
        item.attempts += 1
    again: Sequence[Item] = items
    for _ in range(ROUNDS):
        again = _round(portion, again)
        if not again:
            break
    for item in again:
        _retry(portion, item, _CHANGING)
    portion.save()


_CHANGING = PassingGraphError("GraphUnavailable", "The user's licenses kept changing while they were read.")


def _round(portion: Portion, items: Sequence[Item]) -> list[Item]:
    """Read, plan and write once; answers the users that changed under us."""
    services = portion.services
    try:
        catalog = services.catalog.get()
    except GraphError as error:
        for item in items:
            _unread(portion, item, error, {})
        return []
    states = with_group_names(
        services, portion.job, services.users.read_users([item.user_id for item in items])
    )
    portion.note_readings(states)
    grants = services.ledger.running([item.user_id for item in items])
    todo: list[tuple[Item, LicensePlan]] = []
    for item in items:
        state = states[item.user_id]
        plan = _decide(portion, item, state, grants.get(item.user_id, {}), catalog)
        if plan is not None:
            todo.append((item, plan))
    if portion.dry:
        return []
    with with_units(services, portion.job, todo, catalog) as affordable:
        _finish(portion, [(item, plan) for item, plan in affordable if not plan.writes])
        writing = [(item, plan) for item, plan in affordable if plan.writes]
        return _write(portion, writing, catalog) if writing else []


# --- decide ------------------------------------------------------------------------------------------------------


def _decide(
    portion: Portion, item: Item, state: UserState | GraphError, grants: Mapping[str, Grant], catalog: Catalog
) -> LicensePlan | None:
    """The plan to carry out; None if the item came to its end or has to wait."""
    now = portion.services.clock()
    if isinstance(state, GraphError) and not _is_gone(portion, state):
        _unread(portion, item, state, catalog)
        return None
    user = None if isinstance(state, GraphError) else state.with_expiries(grants)
    if user is not None and _too_early(portion, item, user, now):
        return None
    if item.intent is not None:
        opened = {change.sku_id for change in item.intent.plan.grants if change.step is GrantStep.OPEN}
        if not _resolved(portion, item, user) or _used_up(portion, item):
            return None
        grants = {sku_id: grant for sku_id, grant in grants.items() if sku_id not in opened}
    if portion.stopping:
        rules.cancel(item, now)
        return None
    base = Before(user.licenses, user.usage_location) if user else Before((), None)
    item.before = item.before or base
    plan = plan_item(portion.services, portion.job, item, user, grants, catalog, portion.sources())
    item.needs = rules.units_needed(plan, base)
    item.givers = (
        tuple(user.group_names.get(group_id, group_id) for group_id in givers(portion.job, user))
        if user and codes.INHERITED_ONLY in plan.warnings
        else ()
    )
    if portion.dry:
        rules.finish(item, plan, now)
        return None
    item.intent = Intent(plan, base) if plan.writes else None
    return plan


def _unread(portion: Portion, item: Item, error: GraphError, catalog: Catalog) -> None:
    if isinstance(error, PassingGraphError):
        _retry(portion, item, error)
    else:
        _fail(portion, item, explain(error, catalog))


def _is_gone(portion: Portion, error: GraphError) -> bool:
    """A sweep closes the grants of a user that was deleted; for every other job that is a failure."""
    return error.code == "UserNotFound" and portion.job.request.action is Action.EXPIRE


def _too_early(portion: Portion, item: Item, user: UserState, now: datetime) -> bool:
    """Whether the reading may still show what was before a write of ours; it counts once reads caught up."""
    if item.intent is not None:
        return False
    times = [
        at for other in portion.written_lately(item) if (at := _wait_for(portion, other, user, now)) > now
    ]
    if not times:
        return False
    item.status, item.next_attempt_at = ItemStatus.RETRYING, max(times)
    item.attempts -= 1
    return True


def _wait_for(portion: Portion, written: Item, user: UserState, now: datetime) -> datetime:
    """Until when the reading does not count because of this item's writes; `now` or earlier if it does.

    Nobody touches a user while the outcome of another job's write to it is open: neither job could tell afterwards
    which of the two did what.
    """
    delay = timedelta(seconds=portion.services.settings.read_delay_seconds)
    if rules.in_doubt(written):
        return max(now, written.next_attempt_at or now) + AFTER_DOUBT
    if written.intent is not None and written.intent.doubted_at is not None:  # given up without an answer
        return written.intent.doubted_at + delay
    if written.updated_at is None or not rules.contradicts(written, user):
        return now
    return written.updated_at + delay


def _resolved(portion: Portion, item: Item, user: UserState | None) -> bool:
    """Find out what became of a write whose answer is not known. True: it did nothing, plan anew."""
    intent, now = item.intent, portion.services.clock()
    if intent is None or user is None:
        return True
    located = location_applied(intent, user) is Applied.APPLIED
    if located and intent.plan.location:
        rules.note_location(item, intent.plan.location, now)
    if (license_applied(intent, user) is Applied.APPLIED) if intent.plan.writes_license else located:
        item.attempts = min(item.attempts, portion.services.settings.retry.max_attempts)
        _finish(portion, [(item, intent.plan)])
        return False
    if intent.doubted_at is None:
        item.intent = intent = replace(intent, doubted_at=now)
    delay = timedelta(seconds=portion.services.settings.read_delay_seconds)
    if intent.doubted_at is not None and now < intent.doubted_at + delay:
        item.status, item.next_attempt_at = ItemStatus.RETRYING, intent.doubted_at + delay
        item.attempts -= 1
        return False
    portion.services.ledger.not_assigned(portion.job, [(item, intent.plan)])
    item.intent = None
    return True


def _used_up(portion: Portion, item: Item) -> bool:
    """Whether the write that came to nothing was the last one: then the item fails with what stood in its way."""
    most = portion.services.settings.retry.max_attempts
    if item.error is None or item.attempts <= most:
        return False
    item.attempts = most
    what_happened = item.error.message.removesuffix(TRIED_AGAIN)
    _fail(portion, item, replace(item.error, message=f"{what_happened}{START_AGAIN}"))
    return True


# --- write -------------------------------------------------------------------------------------------------------


def _write(portion: Portion, writing: list[tuple[Item, LicensePlan]], catalog: Catalog) -> list[Item]:
    portion.save()
    moved = portion.services.ledger.prepare(portion.job, [entry for entry in writing if entry[1].grants])
    again = [item for item, _ in writing if item.user_id in moved]
    for item in again:
        item.intent = None
    writing = [(item, plan) for item, plan in writing if item.user_id not in moved]
    refused: list[tuple[Item, GraphError]] = []
    located = _write_locations(portion, writing, refused)
    done = _write_licenses(portion, located, refused)
    _finish(portion, done)
    _unassigned(portion, refused)
    for item, error in refused:
        if error.code in CHANGED_UNDER_US:
            item.intent = None
            again.append(item)
        else:
            _refuse(portion, item, error, catalog)
    return again


def _write_locations(
    portion: Portion, writing: list[tuple[Item, LicensePlan]], refused: list[tuple[Item, GraphError]]
) -> list[tuple[Item, LicensePlan]]:
    """Set the locations; answers the items that may go on to their licences."""
    wanted = [(item.user_id, plan.location.after) for item, plan in writing if plan.location]
    if not wanted:
        return writing
    results = portion.services.users.set_usage_locations(wanted)
    portion.stamp(results)
    through = []
    for item, plan in writing:
        error = results[item.user_id].error if plan.location else None
        if error is not None:
            refused.append((item, error))
            continue
        if plan.location:
            rules.note_location(item, plan.location, portion.services.clock())
        through.append((item, plan))
    return through


def _write_licenses(
    portion: Portion, writing: list[tuple[Item, LicensePlan]], refused: list[tuple[Item, GraphError]]
) -> list[tuple[Item, LicensePlan]]:
    """One assignLicense a user; answers the items whose writes are all done."""
    changes = [
        LicenseChange(item.user_id, plan.add, plan.remove) for item, plan in writing if plan.writes_license
    ]
    results = portion.services.users.assign_licenses(changes) if changes else {}
    portion.stamp(results)
    done = []
    for item, plan in writing:
        error = results[item.user_id].error if plan.writes_license else None
        if error is None:
            done.append((item, plan))
        else:
            refused.append((item, error))
    return done


def _unassigned(portion: Portion, refused: list[tuple[Item, GraphError]]) -> None:
    """Take back what was noted in the ledger for writes that are known not to have happened."""
    surely = [
        (item, item.intent.plan)
        for item, error in refused
        if item.intent and item.intent.plan.grants and not _outcome_unknown(error)
    ]
    if surely:
        portion.services.ledger.not_assigned(portion.job, surely)


def _refuse(portion: Portion, item: Item, error: GraphError, catalog: Catalog) -> None:
    now = portion.services.clock()
    if error.code == "NoAvailableLicenses":
        _note_scarce(portion, item)
    among = tuple(added.sku_id for added in item.intent.plan.add) if item.intent else ()
    unknown = item.intent is not None and _outcome_unknown(error)
    item.intent = replace(item.intent, doubted_at=now) if item.intent and unknown else None
    if isinstance(error, PassingGraphError):
        _retry(portion, item, error)
    elif (
        error.code.startswith("UsageLocation")
        and item.location_at
        and item.location_at + LOCATION_SETTLES > now
    ):
        _retry(portion, item, PassingGraphError(error.code, _LOCATION_UNSEEN))
    else:
        _fail(portion, item, _with_figures(portion, error) or explain(error, catalog, among))


def _with_figures(portion: Portion, error: GraphError) -> ItemError | None:
    """Which licence has no unit left, and how many there are; None where it is something else or not known."""
    if not isinstance(error, LicenseRefusal) or error.reason != "NoAvailableLicenses":
        return None
    try:
        catalog = portion.services.catalog.get(max_age=FRESH)
    except GraphError:
        return None
    missing = next((catalog[sku_id] for sku_id in error.ids if sku_id in catalog), None)
    return replace(sold_out(missing), graph_request_id=error.graph_request_id) if missing else None


_LOCATION_UNSEEN = "The usage location was set moments ago and is not seen by the license service yet."


def _note_scarce(portion: Portion, item: Item) -> None:
    """Other portions then count the units first instead of asking Graph for each user."""
    missing = set(item.needs) - set(portion.job.scarce)
    if not missing:
        return

    def note(job: JobRecord) -> bool:
        job.scarce = tuple(sorted({*job.scarce, *missing}))
        return True

    changed = change_job(portion.services, portion.job.job_id, note)
    if changed is not None:
        portion.job.scarce = changed.scarce


# --- record --------------------------------------------------------------------------------------------------------


def _finish(portion: Portion, done: list[tuple[Item, LicensePlan]]) -> None:
    """The ledger first: a result on record means that its grants are too."""
    moved = [(item, plan) for item, plan in done if plan.grants]
    if moved:
        portion.services.ledger.carry_out(portion.job, moved)
    for item, plan in done:
        rules.finish(item, plan, portion.services.clock())


def _retry(portion: Portion, item: Item, error: PassingGraphError) -> None:
    """To be tried again later, or failed with what stands in the way after the last try. An item whose last write
    may have been carried out is looked at once more first.
    """
    now, settings = portion.services.clock(), portion.services.settings
    at = settings.retry.next_attempt(
        item.attempts, now, retry_after=error.retry_after, random=portion.services.random
    )
    if at is None and item.intent is not None and item.attempts < settings.retry.max_attempts + LAST_LOOKS:
        at = now + timedelta(seconds=max(settings.read_delay_seconds, settings.retry.delay_seconds))
    if at is None:
        item.attempts = min(item.attempts, settings.retry.max_attempts)
        rules.fail(item, _told(error, START_AGAIN), now)
    else:
        rules.retry(item, _told(error, TRIED_AGAIN), at, now)


def _told(error: PassingGraphError, what_next: str) -> ItemError:
    return ItemError(error.code, f"{error.message} {what_next}", error.graph_request_id)


def _fail(portion: Portion, item: Item, error: ItemError) -> None:
    """An intent that is still open stays on record: a start finds out first what became of it."""
    rules.fail(item, error, portion.services.clock())


def _opens(plan: LicensePlan) -> bool:
    return any(change.step is GrantStep.OPEN for change in plan.grants)


def _outcome_unknown(error: GraphError) -> bool:
    return isinstance(error, PassingGraphError) and error.outcome_unknown
