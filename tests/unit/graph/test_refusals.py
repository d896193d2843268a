"""Refusals are explained in the tenant's own names."""

import pytest

from shared.errors import LastingGraphError, PassingGraphError
from shared.graph.refusals import LicenseRefusal, explain, guids
from shared.models import ItemError, ServicePlan, Sku

EXCHANGE_1 = "9aaf7827-d63c-4b61-89c3-182f06f82e5c"
EXCHANGE_2 = "efb87545-963c-4e0d-99df-69c6916d9eb0"
PROJECT = "fe71d6c3-a2ea-4499-9778-da042bf08063"


def sku(sku_id: str, part_number: str, *plans: tuple[str, str]) -> Sku:
    return Sku(
        sku_id=sku_id,
        sku_part_number=part_number,
        capability_status="Enabled",
        applies_to="User",
        enabled=1,
        warning=0,
        suspended=0,
        locked_out=0,
        consumed=0,
        service_plans=tuple(ServicePlan(plan_id, name) for plan_id, name in plans),
    )


E1, E3, E5, PLAN3 = (f"00000000-0000-4000-8000-00000000000{n}" for n in range(4))
CATALOG = {
    entry.sku_id: entry
    for entry in (
        sku(E1, "STANDARDPACK", (EXCHANGE_1, "EXCHANGE_S_STANDARD")),
        sku(E3, "ENTERPRISEPACK", (EXCHANGE_2, "EXCHANGE_S_ENTERPRISE")),
        sku(E5, "ENTERPRISEPREMIUM", (EXCHANGE_2, "EXCHANGE_S_ENTERPRISE")),
        sku(PLAN3, "PROJECTPROFESSIONAL", (PROJECT, "SHAREPOINT_PROJECT")),
    )
}


def refusal(reason: str, *ids: str) -> LicenseRefusal:
    return LicenseRefusal(reason, ids, status=400, graph_request_id="r-1")


@pytest.mark.parametrize(
    ("error", "among", "words"),
    [
        (refusal("NoAvailableLicenses", E3), (), ["ENTERPRISEPACK"]),
        (refusal("NotOwned", "unknown-sku"), (), ["unknown-sku"]),
        (
            refusal("ServicePlanConflict", EXCHANGE_1, EXCHANGE_2),
            (),
            [
                "EXCHANGE_S_STANDARD (in STANDARDPACK) and ",
                "and EXCHANGE_S_ENTERPRISE (in ENTERPRISEPACK, ENTERPRISEPREMIUM)",
            ],
        ),
        (
            refusal("ServicePlanConflict", EXCHANGE_1, EXCHANGE_2),
            (E1, E5),
            ["EXCHANGE_S_STANDARD (in STANDARDPACK) and EXCHANGE_S_ENTERPRISE (in ENTERPRISEPREMIUM)"],
        ),
        (
            refusal("ServicePlanDependency", PROJECT, EXCHANGE_2),
            (PLAN3, E3),
            [
                "SHAREPOINT_PROJECT (in PROJECTPROFESSIONAL) depends on ",
                "depends on EXCHANGE_S_ENTERPRISE (in ENTERPRISEPACK)",
            ],
        ),
        (refusal("ServicePlanDependency", PROJECT, "unknown-plan"), (), ["depends on unknown-plan,"]),
        (refusal("ServicePlanDependency"), (), ["A service plan depends on another one"]),
        (refusal("ServicePlanConflict"), (), ["Service plans of two licenses exclude each other"]),
    ],
)
def test_names_come_from_the_catalog(error: LicenseRefusal, among: tuple[str, ...], words: list[str]) -> None:
    explained = explain(error, CATALOG, among)

    assert (explained.code, explained.graph_request_id) == (error.code, "r-1")
    for word in words:
        assert word in explained.message


@pytest.mark.parametrize(
    "error",
    [
        LastingGraphError("Forbidden", "No.", graph_request_id="r-2"),
        PassingGraphError("Throttled", "Later.", graph_request_id="r-2"),
    ],
)
def test_other_errors_keep_their_words(error: LastingGraphError | PassingGraphError) -> None:
    assert explain(error, CATALOG) == ItemError(error.code, error.message, "r-2")


def test_guids_come_in_order_and_once() -> None:
    text = f"plans {EXCHANGE_2.upper()},{EXCHANGE_1}, {EXCHANGE_2}; not 1234-5678"

    assert guids(text) == (EXCHANGE_2, EXCHANGE_1)
