"""expire, held against its text."""

from dataclasses import dataclass, replace

import pytest

from shared.models import Grant, LicensePlan, UserState
from shared.planning import plan_expiry
from tests.unit.planning.builders import (
    CATALOG,
    E3,
    EMS,
    EXO2,
    GROUP,
    LATER,
    PAST,
    SOON,
    TEAMS,
    VISIO,
    changed,
    check,
    closed,
    direct,
    grant,
    inherited,
    running,
    unchanged,
    user,
)

DUE = grant(VISIO, PAST)
ALSO_DUE = grant(EMS, PAST, "another grant")


@dataclass(frozen=True)
class ExpiryCase:
    """The grants that were due, the user and the running grants as they are now, and what comes of it."""

    name: str
    due: tuple[Grant, ...]
    user: UserState | None
    expected: LicensePlan
    running: tuple[Grant, ...] | None = None

    def __str__(self) -> str:
        return self.name


CASES = [
    ExpiryCase(
        "held: goes",
        (DUE,),
        user(direct(VISIO)),
        changed(take=(VISIO,), grants=(closed(VISIO, "Expired"),)),
    ),
    ExpiryCase(
        "held with other plans, whoever set them: goes, and nothing else",
        (DUE,),
        user(direct(VISIO, TEAMS), direct(E3)),
        changed(take=(VISIO,), grants=(closed(VISIO, "Expired"),)),
    ),
    ExpiryCase(
        "held both ways: the direct one goes",
        (DUE,),
        user(direct(VISIO, groups=(GROUP,))),
        changed(take=(VISIO,), grants=(closed(VISIO, "Expired"),), warnings=("StillInherited",)),
    ),
    ExpiryCase(
        "the mailbox goes with it",
        (grant(EXO2, PAST),),
        user(direct(EXO2)),
        changed(take=(EXO2,), grants=(closed(EXO2, "Expired"),), warnings=("LosesMailbox",)),
    ),
    ExpiryCase(
        "gone already",
        (DUE,),
        user(direct(E3)),
        unchanged("AlreadyGone", grants=(closed(VISIO, "AlreadyGone"),)),
    ),
    ExpiryCase(
        "only inherited now: nothing of ours is left",
        (DUE,),
        user(inherited(VISIO)),
        unchanged("AlreadyGone", grants=(closed(VISIO, "AlreadyGone"),)),
    ),
    ExpiryCase(
        "user deleted",
        (DUE, ALSO_DUE),
        None,
        unchanged("UserDeleted", grants=(closed(EMS, "UserDeleted"), closed(VISIO, "UserDeleted"))),
    ),
    ExpiryCase(
        "made permanent or closed meanwhile: left alone",
        (DUE,),
        user(direct(VISIO)),
        unchanged("GrantEnded"),
        running=(),
    ),
    ExpiryCase("nothing is due any more", (), user(direct(VISIO)), unchanged("GrantEnded")),
    ExpiryCase(
        "closed meanwhile and granted anew: left alone",
        (DUE,),
        user(direct(VISIO)),
        unchanged("GrantEnded"),
        running=(grant(VISIO, SOON, "a new grant"),),
    ),
    ExpiryCase(
        "moved later meanwhile: left alone",
        (DUE,),
        user(direct(VISIO)),
        unchanged("ExpiryMoved"),
        running=(grant(VISIO, LATER),),
    ),
    ExpiryCase(
        "user deleted, grant closed meanwhile",
        (DUE,),
        None,
        unchanged("GrantEnded"),
        running=(),
    ),
    ExpiryCase(
        "two due: one call",
        (DUE, ALSO_DUE),
        user(direct(VISIO), direct(EMS)),
        changed(take=(EMS, VISIO), grants=(closed(EMS, "Expired"), closed(VISIO, "Expired"))),
    ),
    ExpiryCase(
        "one gone, one held",
        (DUE, ALSO_DUE),
        user(direct(VISIO)),
        changed(take=(VISIO,), grants=(closed(EMS, "AlreadyGone"), closed(VISIO, "Expired"))),
    ),
    ExpiryCase(
        "a licence without a due grant stays, also a temporary one",
        (DUE,),
        user(direct(VISIO), direct(EMS)),
        changed(take=(VISIO,), grants=(closed(VISIO, "Expired"),)),
        running=(DUE, grant(EMS, LATER)),
    ),
    ExpiryCase(
        "no location is needed",
        (DUE,),
        user(direct(VISIO), location=None),
        changed(take=(VISIO,), grants=(closed(VISIO, "Expired"),)),
    ),
]


def _sorted_by_sku(plan: LicensePlan) -> LicensePlan:
    """Several due grants of a user are worked off in the order of their skuIds."""
    grants = tuple(sorted(plan.grants, key=lambda change: change.sku_id))
    return replace(plan, remove=tuple(sorted(plan.remove)), grants=grants)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_expiry(case: ExpiryCase) -> None:
    now_running = running(*(case.due if case.running is None else case.running))
    check(plan_expiry(case.due, case.user, now_running, CATALOG), _sorted_by_sku(case.expected))
