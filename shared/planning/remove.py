"""remove: take the direct assignments of the named licences, in one call."""

from collections.abc import Mapping

from shared.models import Catalog, ChangeRequest, Grant, LicensePlan, UserState
from shared.planning import codes
from shared.planning.draft import Draft
from shared.planning.holding import held_directly, held_only_by_inheritance
from shared.planning.refusals import license_inherited


def plan_remove(
    request: ChangeRequest, user: UserState, grants: Mapping[str, Grant], catalog: Catalog
) -> LicensePlan:
    """What is direct goes, even where another named licence is only inherited and so fails the item.

    A running grant of a licence that is not held stays: another job may be assigning that licence right now,
    and the sweep closes the grant in any case.
    """
    draft = Draft()
    for sku_id in request.remove_sku_ids:
        if held_directly(user, sku_id):
            draft.take(sku_id, grants.get(sku_id), codes.REMOVED)
    candidates = (held_only_by_inheritance(user, sku_id) for sku_id in request.remove_sku_ids)
    inherited = [held for held in candidates if held]
    error = (
        license_inherited(inherited, user, catalog, nothing_changed=not draft.remove) if inherited else None
    )
    return draft.settle(user, None, idle_reason=codes.NOT_HELD, error=error)
