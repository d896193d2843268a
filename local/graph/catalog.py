"""Real SKUs and service plans, with what is known of plans that exclude or need one another.

Names and GUIDs come from Microsoft's published list "Product names and service plan identifiers for licensing".
Exclusive families come from the last list Microsoft published (2019), less what changed since: Exchange Online
Plan 1 and Plan 2 may be held together today. Dependencies are those that the service was seen to name.
"""

import json
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

_FILE = Path(__file__).with_name("catalog.json")


class PlanInfo(NamedTuple):
    """A service plan of a SKU."""

    id: str
    name: str
    applies_to: str


class SkuInfo(NamedTuple):
    """A product as Microsoft lists it."""

    sku_id: str
    part_number: str
    plans: tuple[PlanInfo, ...]


@dataclass(frozen=True)
class Catalog:
    """`exclusive` holds pairs of plan ids, smaller first; `needs` maps a plan id to those of which it needs one."""

    skus: dict[str, SkuInfo]
    plans: dict[str, str]
    exclusive: frozenset[tuple[str, str]]
    needs: dict[str, tuple[str, ...]]
    ruled: frozenset[str]


@cache
def load_catalog() -> Catalog:
    """The catalog, read once."""
    raw = json.loads(_FILE.read_text("utf-8"))
    plans: dict[str, str] = raw["plans"]
    company = set(raw["companyPlans"])
    skus = {
        sku["skuPartNumber"]: SkuInfo(
            sku["skuId"],
            sku["skuPartNumber"],
            tuple(
                PlanInfo(plans[name], name, "Company" if name in company else "User")
                for name in sku["servicePlans"]
            ),
        )
        for sku in raw["skus"]
    }
    exclusive = frozenset(
        (min(plans[a], plans[b]), max(plans[a], plans[b]))
        for family in raw["exclusiveFamilies"]
        for a, b in combinations(family["plans"], 2)
        if [a, b] not in family["compatible"]
    )
    needs = {plans[d["plan"]]: tuple(plans[name] for name in d["needs"]) for d in raw["dependencies"]}
    ruled = frozenset(
        [
            *(plan for pair in exclusive for plan in pair),
            *needs,
            *(p for any_of in needs.values() for p in any_of),
        ]
    )
    return Catalog(skus, plans, exclusive, needs, ruled)
