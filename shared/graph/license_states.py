"""What a user holds, out of Graph's user properties. Pure, and cheap: it runs for every user of a job."""

from typing import Any

from shared.errors import LastingGraphError
from shared.models import HeldLicense, UserState

SELECT = "id,accountEnabled,userType,usageLocation,assignedLicenses,licenseAssignmentStates"
"""The properties that `user_state` reads. Graph shows the licences only where they are asked for."""

_HELD = ("Active", "ActiveWithError")
"""States that give the user the licence. With Error or Disabled a group could not pass it on."""


def user_state(user: dict[str, Any]) -> UserState:
    """The user as this reading shows it.

    `licenseAssignmentStates` has an entry for each source of a SKU: `assignedByGroup` null is the direct one.
    It was seen to omit SKUs that `assignedLicenses` lists (microsoft-graph-docs#9636). Such a one counts as
    held directly: a removal that Graph then refuses harms nobody, one that is never tried leaves it held.

    Raises:
        LookupError, TypeError, AttributeError: this is no user.
        LastingGraphError: the licence properties are missing, which Graph does without an error where the app
            lacks User.Read.All. Unknown is not the same as none.
    """
    user_id = user["id"].lower()
    states = user.get("licenseAssignmentStates")
    assigned = user.get("assignedLicenses")
    if not isinstance(states, list) or not isinstance(assigned, list):
        raise LastingGraphError(
            "Forbidden",
            "Graph does not show the app what users hold. Grant it the Microsoft Graph application "
            "permission User.Read.All, then repeat the request or start the job again.",
        )
    known: set[str] = set()
    direct: dict[str, tuple[str, ...]] = {}
    inherited: dict[str, dict[str, tuple[str, ...]]] = {}
    for entry in states:
        sku_id = entry["skuId"].lower()
        known.add(sku_id)
        if entry.get("state") not in _HELD:
            continue
        group_id = entry.get("assignedByGroup")
        if group_id:
            inherited.setdefault(sku_id, {})[group_id.lower()] = _plans(entry)
        else:
            direct[sku_id] = _plans(entry)
    for entry in assigned:
        sku_id = entry["skuId"].lower()
        if sku_id not in known:
            direct[sku_id] = _plans(entry)
    return UserState(
        user_id=user_id,
        usage_location=user.get("usageLocation") or None,
        licenses=tuple(
            HeldLicense(
                sku_id=sku_id,
                direct=sku_id in direct,
                disabled_plans=direct.get(sku_id, ()),
                inherited_from=tuple(sorted(inherited.get(sku_id, ()))),
            )
            for sku_id in sorted(direct.keys() | inherited.keys())
        ),
        account_enabled=bool(user.get("accountEnabled")),
        user_type=user.get("userType") or "Member",
        inherited_disabled_plans=_off_in_every_group(inherited),
    )


def _plans(entry: dict[str, Any]) -> tuple[str, ...]:
    plans = entry.get("disabledPlans")
    return tuple(sorted({plan.lower() for plan in plans})) if plans else ()


def _off_in_every_group(inherited: dict[str, dict[str, tuple[str, ...]]]) -> dict[str, tuple[str, ...]]:
    """By SKU the plans that no group switches on; SKUs without such plans are absent."""
    off: dict[str, tuple[str, ...]] = {}
    for sku_id, by_group in inherited.items():
        in_all = set.intersection(*(set(plans) for plans in by_group.values()))
        if in_all:
            off[sku_id] = tuple(sorted(in_all))
    return off
