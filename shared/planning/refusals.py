"""Failures known before any write, each in a sentence that says what to do."""

from collections.abc import Sequence
from datetime import datetime

from shared.models import Catalog, HeldLicense, ItemError, ItemStatus, LicensePlan, UserState
from shared.planning import codes


def refused(error: ItemError) -> LicensePlan:
    """The item fails and nothing at all is written, the location neither."""
    return LicensePlan(status=ItemStatus.FAILED, reason=error.code, error=error)


def usage_location_missing() -> ItemError:
    return ItemError(
        codes.USAGE_LOCATION_MISSING,
        "The user has no usage location, and Microsoft 365 assigns no license without one. "
        "Set it on the user, or choose a usage location in the job, and run it again.",
    )


def expiry_passed(expires_at: datetime) -> ItemError:
    return ItemError(
        codes.EXPIRY_PASSED,
        f"The license was to end at {expires_at:%Y-%m-%d %H:%M} UTC, which has passed: nothing was assigned. "
        "If the user still needs it, submit a new job with a later expiry.",
    )


def license_inherited(
    held: Sequence[HeldLicense], user: UserState, catalog: Catalog, *, nothing_changed: bool
) -> ItemError:
    """`held` are the licences, at least one, that only groups give to the user."""
    sources = ", ".join(f"{sku_name(one.sku_id, catalog)} (from group {_groups(one, user)})" for one in held)
    effect = "Nothing was changed for this user. " if nothing_changed else ""
    return ItemError(
        codes.LICENSE_INHERITED,
        f"Held only through group membership, which cannot be removed from the user: {sources}. {effect}"
        "Take the user out of the group or the license off the group, then run the job again.",
    )


def sku_name(sku_id: str, catalog: Catalog) -> str:
    """The product's name; the id where the tenant no longer lists it."""
    sku = catalog.get(sku_id)
    return sku.name if sku else sku_id


def _groups(held: HeldLicense, user: UserState) -> str:
    return " and ".join(user.group_names.get(group_id, group_id) for group_id in held.inherited_from)
