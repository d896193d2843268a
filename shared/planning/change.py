"""The plan of one user for a job that a person asked for."""

from collections.abc import Mapping
from datetime import datetime

from shared.models import Action, Catalog, ChangeRequest, Grant, LicensePlan, UserState
from shared.planning.assign import plan_assign
from shared.planning.consequences import with_warnings
from shared.planning.remove import plan_remove
from shared.planning.replace import plan_replace


def plan_user(
    request: ChangeRequest, user: UserState, grants: Mapping[str, Grant], catalog: Catalog, now: datetime
) -> LicensePlan:
    """What an assign, remove or replace means for one user, with its warnings.

    `grants` are the user's running grants by skuId.

    Raises:
        ValueError: the action is none of the three.
    """
    match request.action:
        case Action.ASSIGN:
            plan = plan_assign(request, user, grants, now)
        case Action.REMOVE:
            plan = plan_remove(request, user, grants, catalog)
        case Action.REPLACE:
            plan = plan_replace(request, user, grants, catalog)
        case _:
            raise ValueError(f"{request.action} is not planned from a request")
    return with_warnings(plan, user, catalog)
