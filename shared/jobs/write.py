"""The intent on record, the ledger, then the writes; and what follows from each of Graph's answers."""

from dataclasses import replace
from datetime import timedelta

from shared.errors import GraphError, PassingGraphError
from shared.graph.refusals import LicenseRefusal, explain
from shared.graph.users import LicenseChange
from shared.jobs import items as rules
from shared.jobs.changing import change_job
from shared.jobs.outcome import fail, finish, retry
from shared.jobs.portion import Portion
from shared.jobs.records import JobRecord
from shared.jobs.units import FRESH, sold_out
from shared.models import Catalog, Item, ItemError, LicensePlan

CHANGED_UNDER_US = ("NotHeld", "LicenseInherited")
LOCATION_SETTLES = timedelta(minutes=5)
"""A location set so recently may not be seen yet by assignLicense (reported by users; no figure is published)."""


def write(portion: Portion, writing: list[tuple[Item, LicensePlan]], catalog: Catalog) -> list[Item]:
    """Carry the plans out, each user's intent on record before; answers the users that changed under us."""
    portion.save()
    moved = portion.services.ledger.prepare(portion.job, [entry for entry in writing if entry[1].grants])
    again = [item for item, _ in writing if item.user_id in moved]
    for item in again:
        item.intent = None
    writing = [(item, plan) for item, plan in writing if item.user_id not in moved]
    refused: list[tuple[Item, GraphError]] = []
    located = _write_locations(portion, writing, refused)
    done = _write_licenses(portion, located, refused)
    finish(portion, done)
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
        retry(portion, item, error)
    elif (
        error.code.startswith("UsageLocation")
        and item.location_at
        and item.location_at + LOCATION_SETTLES > now
    ):
        retry(portion, item, PassingGraphError(error.code, _LOCATION_UNSEEN))
    else:
        fail(portion, item, _with_figures(portion, error) or explain(error, catalog, among))


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


def _outcome_unknown(error: GraphError) -> bool:
    return isinstance(error, PassingGraphError) and error.outcome_unknown
