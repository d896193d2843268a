"""Why a licence change was refused for good, in words for an administrator. Pure."""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from shared.errors import GraphError, LastingGraphError
from shared.models import Catalog, ItemError

_GUID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", re.IGNORECASE)
_LICENSES_NAMED = 3


def guids(text: str) -> tuple[str, ...]:
    """The GUIDs in a text, in lower case and in their order, each once."""
    return tuple(dict.fromkeys(match.lower() for match in _GUID.findall(text)))


@dataclass(frozen=True, slots=True)
class _Names:
    """What to call SKUs and plans: by the catalog, by their ids where it does not know them."""

    catalog: Catalog = field(default_factory=dict)
    among: Collection[str] = ()

    def sku(self, sku_id: str) -> str:
        sku = self.catalog.get(sku_id)
        return sku.name if sku else sku_id

    def skus(self, ids: tuple[str, ...]) -> str:
        return ", ".join(self.sku(sku_id) for sku_id in ids)

    def plan(self, plan_id: str) -> str:
        """`Microsoft 365 Phone System (in Office 365 E5, …)`: the plan and the licences that carry it."""
        carriers = [
            (sku, plan)
            for sku in self.catalog.values()
            for plan in sku.service_plans
            if plan.service_plan_id == plan_id
        ]
        if not carriers:
            return plan_id
        near = [pair for pair in carriers if pair[0].sku_id in self.among] or carriers
        names = sorted(sku.name for sku, _plan in near)
        more = ", …" if len(names) > _LICENSES_NAMED else ""
        return f"{carriers[0][1].name} (in {', '.join(names[:_LICENSES_NAMED])}{more})"

    def plans(self, ids: tuple[str, ...]) -> str:
        return " and ".join(self.plan(plan_id) for plan_id in ids)


def _no_available(ids: tuple[str, ...], names: _Names) -> str:
    which = f"license {names.skus(ids)}" if ids else "the license"
    return f"No unit of {which} is left. Buy more or free some, then start the job again."


def _not_owned(ids: tuple[str, ...], names: _Names) -> str:
    which = f"license {names.skus(ids)}" if ids else "the license"
    return f"The tenant does not own {which} (any more). Renew the subscription or choose another license."


def _location_invalid(_ids: tuple[str, ...], _names: _Names) -> str:
    return (
        "Graph does not accept the user's usage location. Set a valid one with the job, then start it again."
    )


def _location_prohibited(_ids: tuple[str, ...], _names: _Names) -> str:
    return (
        "A service of the license is not offered in the user's usage location. Choose another license or "
        "location."
    )


def _inherited(_ids: tuple[str, ...], _names: _Names) -> str:
    return "The license comes from a group. Take the user out of that group, or the license off the group."


def _not_held(_ids: tuple[str, ...], _names: _Names) -> str:
    return (
        "The user does not hold the license directly any more. Start the job again to read the user afresh."
    )


def _dependency(ids: tuple[str, ...], names: _Names) -> str:
    if len(ids) < 2:
        return (
            "A service plan depends on another one that the user would not have. Add the license that has "
            "it, or remove the dependent license in the same job."
        )
    return (
        f"Service plan {names.plan(ids[0])} depends on {names.plans(ids[1:])}, which the user would not "
        f"have. Add a license that has it, or remove the dependent license first or in the same job."
    )


def _conflict(ids: tuple[str, ...], names: _Names) -> str:
    plans = names.plans(ids) if ids else "of two licenses"
    return (
        f"Service plans {plans} exclude each other. Disable one of them with disabledPlans, or replace "
        f"the license that the user has."
    )


def _plan_not_in_license(ids: tuple[str, ...], names: _Names) -> str:
    which = f"Service plan {names.plan(ids[0])}" if ids else "A service plan to be disabled"
    return f"{which} is not part of the license. Choose the plans to disable from GET /licenses."


def _address_taken(_ids: tuple[str, ...], _names: _Names) -> str:
    return (
        "A mail address of the user is also that of another object, which Graph finds out on this change. "
        "Remove the duplicate proxy address, then start the job again."
    )


_Writer = Callable[[tuple[str, ...], _Names], str]

_REASONS: dict[str, tuple[str, _Writer]] = {
    "NoAvailableLicenses": ("NoAvailableLicenses", _no_available),
    "NotOwned": ("NoAvailableLicenses", _not_owned),
    "UsageLocationInvalid": ("UsageLocationInvalid", _location_invalid),
    "UsageLocationProhibited": ("UsageLocationInvalid", _location_prohibited),
    "LicenseInherited": ("LicenseInherited", _inherited),
    "NotHeld": ("NotHeld", _not_held),
    "ServicePlanDependency": ("ServicePlanDependency", _dependency),
    "ServicePlanConflict": ("ServicePlanConflict", _conflict),
    "PlanNotInLicense": ("Unexpected", _plan_not_in_license),
    "AddressTaken": ("Unexpected", _address_taken),
}
"""By reason: the item code of the contract, and who writes the message."""


class LicenseRefusal(LastingGraphError):
    """Graph refused a change for a known reason; `ids` are the SKUs or plans that it named, in that order.

    For ServicePlanDependency the first is the plan that depends on the others.
    """

    def __init__(
        self, reason: str, ids: tuple[str, ...], *, status: int, graph_request_id: str | None = None
    ) -> None:
        code, write = _REASONS[reason]
        super().__init__(code, write(ids, _Names()), status=status, graph_request_id=graph_request_id)
        self.reason = reason
        self.ids = ids


def explain(error: GraphError, catalog: Catalog, among: Collection[str] = ()) -> ItemError:
    """The error as an item shows it, with SKUs and plans named by the tenant's catalog.

    `among` are the SKUs that the user holds or gets: where a plan is part of many, those are named.
    """
    message = error.message
    if isinstance(error, LicenseRefusal):
        _code, write = _REASONS[error.reason]
        message = write(error.ids, _Names(catalog, among))
    return ItemError(error.code, message, error.graph_request_id)
