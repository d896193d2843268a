"""expire: take the licences whose temporary grants are due, one user at a time."""

from collections.abc import Collection, Mapping

from shared.models import Catalog, Grant, LicensePlan, UserState
from shared.planning import codes
from shared.planning.consequences import with_warnings
from shared.planning.draft import Draft
from shared.planning.holding import held_directly


def plan_expiry(
    due: Collection[Grant], user: UserState | None, running: Mapping[str, Grant], catalog: Catalog
) -> LicensePlan:
    """The plan for the due grants of one user; `user` None was deleted in Entra ID.

    `running` are the user's running grants by skuId as they are now. Where none of the due ones is due any
    more, the reason says so.
    """
    draft = Draft()
    reasons = [_expire(draft, grant, user, running) for grant in sorted(due, key=lambda one: one.sku_id)]
    kept = [reason for reason in reasons if reason]
    plan = draft.settle(user, None, idle_reason=kept[0] if kept else codes.GRANT_ENDED)
    return with_warnings(plan, user, catalog) if user else plan


def _expire(draft: Draft, grant: Grant, user: UserState | None, running: Mapping[str, Grant]) -> str | None:
    """Remove the direct assignment, whoever made it; or say why there is nothing to remove.

    A grant that ended or moved since the sweep was made is no longer due and is left alone.
    """
    current = running.get(grant.sku_id)
    if current is None or current.grant_id != grant.grant_id:
        return codes.GRANT_ENDED
    if current.expires_at > grant.expires_at:
        return codes.EXPIRY_MOVED
    if user is None:
        draft.close(grant.sku_id, grant, codes.USER_DELETED)
        return codes.USER_DELETED
    if held_directly(user, grant.sku_id) is None:
        draft.close(grant.sku_id, grant, codes.ALREADY_GONE)
        return codes.ALREADY_GONE
    draft.take(grant.sku_id, grant, codes.EXPIRED)
    return None
