"""No free unit: fail the users in one pass, with figures, without asking Graph for each of them."""

from collections import Counter
from datetime import timedelta

from shared.catalog.names import product_name
from shared.errors import GraphError
from shared.jobs import items as rules
from shared.jobs.records import JobRecord
from shared.jobs.services import Services
from shared.models import Catalog, Item, ItemError, LicensePlan, Sku

FRESH = timedelta(seconds=2)
Planned = list[tuple[Item, LicensePlan]]


def without_units(services: Services, job: JobRecord, planned: Planned) -> Planned:
    """The plans that there are units for; the items of the others are failed.

    Units are counted only where they look scarce or Graph has refused one already; what Graph says in the end
    holds all the same.
    """
    needed = Counter(sku_id for item, plan in planned if plan.writes_license for sku_id in item.needs)
    if not needed:
        return planned
    free = _scarce(services, job, needed)
    if not free:
        return planned
    kept: Planned = []
    for item, plan in planned:
        short = next((sku_id for sku_id in item.needs if free.get(sku_id, 1) < 1), None) if plan.add else None
        if short is None:
            free.update({sku_id: free[sku_id] - 1 for sku_id in item.needs if sku_id in free and plan.add})
            kept.append((item, plan))
        else:
            item.intent = None
            rules.fail(item, sold_out(services.catalog.get()[short]), services.clock())
    return kept


def sold_out(sku: Sku) -> ItemError:
    """The message names the licence and its figures."""
    name = product_name(sku.sku_id, sku.sku_part_number)
    return ItemError(
        "NoAvailableLicenses",
        f"{name}: no unit is free ({sku.consumed} of {sku.enabled + sku.warning} in use). "
        "Buy units or free some, then start the job again.",
    )


def _scarce(services: Services, job: JobRecord, needed: Counter[str]) -> dict[str, int]:
    """Free units of the SKUs that look short, freshly read."""
    catalog = services.catalog.get()
    short = [sku_id for sku_id in needed if sku_id in job.sold_out or _free(catalog, sku_id) < needed[sku_id]]
    if not short:
        return {}
    try:
        catalog = services.catalog.get(max_age=FRESH)
    except GraphError:
        return {}  # Graph itself then says which users are too many
    return {sku_id: _free(catalog, sku_id) for sku_id in short if sku_id in catalog}


def _free(catalog: Catalog, sku_id: str) -> int:
    return catalog[sku_id].available if sku_id in catalog else 0
