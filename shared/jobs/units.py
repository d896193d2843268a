"""No free unit: fail the users in one pass, with figures, without asking Graph for each of them."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

from shared.errors import GraphError
from shared.jobs import items as rules
from shared.jobs.catalog_cache import NOW
from shared.jobs.records import JobRecord
from shared.jobs.services import Services
from shared.models import Catalog, Item, ItemError, LicensePlan, Sku

FRESH = timedelta(seconds=2)
MAX_TURN_SECONDS = 60.0
"""Longest wait for one's turn to count. Who waited in vain lets Graph count: a call must end in time."""
Planned = list[tuple[Item, LicensePlan]]


@contextmanager
def with_units(services: Services, job: JobRecord, planned: Planned, catalog: Catalog) -> Iterator[Planned]:
    """The plans that there are units for, to be carried out inside; the items of the others are failed.

    Units are counted only where they look scarce. Then the portions of this process take turns, each counting what
    the one before has left, so that hardly a write is sent only to be refused. What Graph says in the end holds.
    """
    needed = Counter(sku_id for item, plan in planned if plan.add for sku_id in item.needs)
    short = _scarce(job, needed, catalog)
    counting = bool(short) and services.catalog.counting.acquire(timeout=MAX_TURN_SECONDS)
    try:
        yield _affordable(services, planned, short) if counting else planned
    finally:
        if counting:
            services.catalog.counting.release()


def sold_out(sku: Sku) -> ItemError:
    """The message names the licence and its figures."""
    return ItemError(
        "NoAvailableLicenses",
        f"{sku.name}: no unit is free ({sku.consumed} of {sku.enabled + sku.warning} in use). "
        "Buy units or free some, then start the job again.",
    )


def _affordable(services: Services, planned: Planned, short: list[str]) -> Planned:
    try:
        catalog = services.catalog.get(max_age=FRESH)
        if any(_free(catalog, sku_id) for sku_id in short):
            catalog = services.catalog.get(max_age=NOW)
    except GraphError:
        return planned  # Graph itself then says which users are too many
    free = {sku_id: _free(catalog, sku_id) for sku_id in short if sku_id in catalog}
    taken: Counter[str] = Counter()
    kept: Planned = []
    for item, plan in planned:
        takes = [sku_id for sku_id in item.needs if sku_id in free] if plan.add else []
        missing = next((catalog[sku_id] for sku_id in takes if taken[sku_id] >= free[sku_id]), None)
        if missing is None:
            taken.update(takes)
            kept.append((item, plan))
        else:
            item.intent = None
            in_use = missing.consumed + taken[missing.sku_id]
            rules.fail(item, sold_out(replace(missing, consumed=in_use)), services.clock())
    return kept


def _scarce(job: JobRecord, needed: Counter[str], catalog: Catalog) -> list[str]:
    """Needed SKUs that the job may have too few units of, or that look short by the last reading."""
    return [sku_id for sku_id in needed if sku_id in job.scarce or _free(catalog, sku_id) < needed[sku_id]]


def _free(catalog: Catalog, sku_id: str) -> int:
    return catalog[sku_id].available if sku_id in catalog else 0
