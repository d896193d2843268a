"""Fixtures of the simulator's own tests."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.graph_simulator.in_process import Json, LocalGraph

E3, E1, F3 = "ENTERPRISEPACK", "STANDARDPACK", "DESKLESSPACK"


@pytest.fixture
def graph_app() -> Iterator[LocalGraph]:
    """An empty tenant in this process."""
    local = LocalGraph()
    yield local
    local.close()


@dataclass
class Firm:
    """A small tenant: SKUs by part number, and a way to hire."""

    graph: LocalGraph
    skus: dict[str, str]

    def hire(self, location: str | None = "DE", licenses: tuple[str, ...] = ()) -> str:
        """A new user who holds these SKUs directly; its id."""
        held = [{"skuId": self.skus[name]} for name in licenses]
        seeded = self.graph.seed(users=[{"usageLocation": location, "licenses": held}])
        return str(seeded["userIds"][0])

    def group(self, *members: str, **fields: object) -> str:
        body = {"displayName": "A group", "members": list(members), **fields}
        return str(self.graph.seed(groups=[body])["groupIds"][0])

    def plan(self, name: str) -> str:
        """The id of a service plan of any of the SKUs."""
        plans = (plan for sku in self.graph.control("GET", "skus") for plan in sku["servicePlans"])
        return str(next(plan["servicePlanId"] for plan in plans if plan["servicePlanName"] == name))

    def held(self, user_id: str) -> dict[str, Json]:
        """What a user truly holds, by skuId."""
        state = self.graph.control("GET", f"users/{user_id}")
        return {item["skuId"]: item for item in state["licenses"]}

    def consumed(self, name: str) -> int:
        skus = self.graph.get("/subscribedSkus").json["value"]
        return int(next(sku["consumedUnits"] for sku in skus if sku["skuPartNumber"] == name))


PARTS = [
    "ENTERPRISEPACK",
    "STANDARDPACK",
    "DESKLESSPACK",
    "EMS",
    "MCOEV",
    "MCOMEETADV",
    "PROJECTPROFESSIONAL",
    "WORKPLACE_ANALYTICS",
    "THREAT_INTELLIGENCE",
    "EXCHANGESTANDARD",
    "EXCHANGEENTERPRISE",
    "SHAREPOINTSTANDARD",
    "SHAREPOINTENTERPRISE",
]


@pytest.fixture
def firm(graph_app: LocalGraph) -> Firm:
    """One SKU of each kind with 25 units, one without any, a suspended one and one for companies only."""
    seeds: list[Json] = [{"skuPartNumber": name} for name in PARTS]
    seeds.append({"skuPartNumber": "VISIOCLIENT", "enabled": 0})
    seeds.append({"skuPartNumber": "POWER_BI_PRO", "enabled": 0, "suspended": 25})
    seeds.append({"skuPartNumber": "WINDOWS_STORE", "appliesTo": "Company"})
    ids = graph_app.seed(skus=seeds)["skuIds"]
    return Firm(graph_app, dict(zip([seed["skuPartNumber"] for seed in seeds], ids, strict=True)))
