"""Users, licences, grants, requests and plans with defaults, so that a case states only what it is about."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final, Literal
from uuid import NAMESPACE_DNS, uuid5

from shared.models import (
    Action,
    AddedLicense,
    Before,
    Catalog,
    ChangeRequest,
    Grant,
    GrantChange,
    GrantStep,
    HeldLicense,
    Item,
    ItemStatus,
    LicensePlan,
    LicenseRequest,
    LocationChange,
    ServicePlan,
    Sku,
    UserState,
)
from shared.planning import plan_undo, plan_user, resulting_state

NOW: Final = datetime(2026, 3, 15, 12, tzinfo=UTC)
PAST: Final = NOW - timedelta(days=1)
SOON: Final = NOW + timedelta(days=10)
LATER: Final = NOW + timedelta(days=90)

GROUP: Final = str(uuid5(NAMESPACE_DNS, "group"))
OTHER_GROUP: Final = str(uuid5(NAMESPACE_DNS, "other group"))


def plan_id(name: str) -> str:
    """The servicePlanId of a servicePlanName."""
    return str(uuid5(NAMESPACE_DNS, name))


def _sku(part_number: str, *plan_names: str) -> Sku:
    return Sku(
        sku_id=str(uuid5(NAMESPACE_DNS, part_number)),
        sku_part_number=part_number,
        capability_status="Enabled",
        applies_to="User",
        enabled=100,
        warning=0,
        suspended=0,
        locked_out=0,
        consumed=0,
        service_plans=tuple(ServicePlan(plan_id(name), name) for name in plan_names),
    )


_SKUS: Final = (
    _sku("STANDARDPACK", "EXCHANGE_S_STANDARD", "SHAREPOINTSTANDARD", "TEAMS1", "MCOSTANDARD", "SWAY"),
    _sku("ENTERPRISEPACK", "EXCHANGE_S_ENTERPRISE", "SHAREPOINTENTERPRISE", "TEAMS1", "MCOSTANDARD", "SWAY"),
    _sku("DESKLESSPACK", "EXCHANGE_S_DESKLESS", "SHAREPOINTDESKLESS", "TEAMS1", "MCOIMP"),
    _sku("EXCHANGEENTERPRISE", "EXCHANGE_S_ENTERPRISE"),
    _sku("EXCHANGESTANDARD", "EXCHANGE_S_STANDARD"),
    _sku("EMS", "AAD_PREMIUM", "INTUNE_A"),
    _sku("MCOEV", "MCOEV"),
    _sku("PHONESYSTEM_VIRTUALUSER", "MCOEV_VIRTUALUSER"),
    _sku("PROJECTPROFESSIONAL", "SHAREPOINT_PROJECT", "SHAREPOINTENTERPRISE"),
    _sku("VISIOCLIENT", "VISIOONLINE"),
)
CATALOG: Final[Catalog] = {sku.sku_id: sku for sku in _SKUS}
E1, E3, F3, EXO2, EXO1, EMS, PHONE, PHONE_FREE, PROJECT, VISIO = (sku.sku_id for sku in _SKUS)

TEAMS, SWAY, INTUNE = plan_id("TEAMS1"), plan_id("SWAY"), plan_id("INTUNE_A")


# --- what a user holds


def direct(
    sku_id: str, *off: str, groups: tuple[str, ...] = (), until: datetime | None = None
) -> HeldLicense:
    """Held directly with the plans `off`; with `groups` also by inheritance."""
    return HeldLicense(sku_id, True, tuple(sorted(off)), groups, until)


def inherited(sku_id: str, *groups: str) -> HeldLicense:
    return HeldLicense(sku_id, direct=False, inherited_from=groups or (GROUP,))


def user(*licenses: HeldLicense, location: str | None = "DE") -> UserState:
    return UserState("user", location, licenses)


def grant(sku_id: str, until: datetime, grant_id: str = "grant") -> Grant:
    return Grant(grant_id, "user", sku_id, until, "former job")


def running(*grants: Grant) -> dict[str, Grant]:
    return {one.sku_id: one for one in grants}


# --- what is asked for


def wanted(sku_id: str, off: Iterable[str] | None = None) -> LicenseRequest:
    """`off` None: no plans named; `()`: named, and none of them."""
    return LicenseRequest(sku_id, None if off is None else tuple(off))


def assign(
    *licenses: LicenseRequest | str,
    until: datetime | None = None,
    location: str | None = None,
    mode: Literal["always", "ifMissing"] = "always",
) -> ChangeRequest:
    return ChangeRequest(
        Action.ASSIGN,
        _wanted(licenses),
        expires_at=until,
        usage_location=location,
        usage_location_mode=mode,
    )


def remove(*sku_ids: str) -> ChangeRequest:
    return ChangeRequest(Action.REMOVE, remove_sku_ids=sku_ids)


def swap(
    replaces: Literal["all"] | tuple[str, ...],
    *licenses: LicenseRequest | str,
    keep_disabled_plans: bool = False,
    location: str | None = None,
    mode: Literal["always", "ifMissing"] = "always",
) -> ChangeRequest:
    """A replace."""
    return ChangeRequest(
        Action.REPLACE,
        _wanted(licenses),
        replaces=replaces,
        keep_disabled_plans=keep_disabled_plans,
        usage_location=location,
        usage_location_mode=mode,
    )


def _wanted(licenses: Iterable[LicenseRequest | str]) -> tuple[LicenseRequest, ...]:
    return tuple(wanted(one) if isinstance(one, str) else one for one in licenses)


# --- what is expected


def added(sku_id: str, *off: str, until: datetime | None = None) -> AddedLicense:
    return AddedLicense(sku_id, tuple(sorted(off)), until)


def opened(sku_id: str, until: datetime) -> GrantChange:
    return GrantChange(GrantStep.OPEN, sku_id, until)


def moved(sku_id: str, until: datetime) -> GrantChange:
    return GrantChange(GrantStep.MOVE, sku_id, until)


def closed(sku_id: str, reason: str) -> GrantChange:
    return GrantChange(GrantStep.CLOSE, sku_id, reason=reason)


def made_permanent(sku_id: str) -> GrantChange:
    return GrantChange(GrantStep.MAKE_PERMANENT, sku_id, reason="MadePermanent")


def changed(
    *,
    add: tuple[AddedLicense, ...] = (),
    take: tuple[str, ...] = (),
    regrants: tuple[AddedLicense, ...] = (),
    grants: tuple[GrantChange, ...] = (),
    location: LocationChange | None = None,
    reason: str | None = None,
    warnings: tuple[str, ...] = (),
) -> LicensePlan:
    return LicensePlan(
        ItemStatus.CHANGED, reason, add, take, regrants, location, grants=grants, warnings=warnings
    )


def unchanged(
    reason: str, *, grants: tuple[GrantChange, ...] = (), warnings: tuple[str, ...] = ()
) -> LicensePlan:
    return LicensePlan(ItemStatus.UNCHANGED, reason, grants=grants, warnings=warnings)


def failed(
    code: str,
    *,
    take: tuple[str, ...] = (),
    grants: tuple[GrantChange, ...] = (),
    warnings: tuple[str, ...] = (),
) -> LicensePlan:
    return LicensePlan(ItemStatus.FAILED, code, remove=take, grants=grants, warnings=warnings)


@dataclass(frozen=True)
class Case:
    """A request for a user and what is to come of it. `name` is the test's id."""

    name: str
    user: UserState
    request: ChangeRequest
    expected: LicensePlan
    grants: tuple[Grant, ...] = ()

    def __str__(self) -> str:
        return self.name


def check(plan: LicensePlan, expected: LicensePlan) -> None:
    """Equal in everything; of an error, its code, which the reason repeats, and that it says something."""
    assert replace(plan, error=None) == expected
    failing = expected.status is ItemStatus.FAILED
    assert (plan.error is not None) == failing
    if plan.error:
        assert plan.error.code == plan.reason
        assert plan.error.message.endswith(".")


def check_case(case: Case) -> None:
    check(plan_user(case.request, case.user, running(*case.grants), CATALOG, NOW), case.expected)


# --- the world after a plan


def resulting_grants(grants: Mapping[str, Grant], plan: LicensePlan) -> dict[str, Grant]:
    """The running grants after the plan's grant steps, each of which must find what it works on."""
    after = dict(grants)
    for change in plan.grants:
        if change.step is GrantStep.OPEN:
            assert change.sku_id not in after
            assert change.expires_at
            after[change.sku_id] = grant(change.sku_id, change.expires_at, "opened")
        elif change.step is GrantStep.MOVE:
            assert change.expires_at
            after[change.sku_id] = replace(after[change.sku_id], expires_at=change.expires_at)
        else:
            del after[change.sku_id]
    return after


def with_expiries(state: UserState, grants: Mapping[str, Grant]) -> UserState:
    """The user with the expiry of each running grant beside its licence, as a record shows it."""
    licenses = tuple(
        replace(held, expires_at=grants[held.sku_id].expires_at if held.sku_id in grants else None)
        for held in state.licenses
    )
    return replace(state, licenses=licenses)


def item_of(plan: LicensePlan, state: UserState) -> Item:
    """The record of an item whose plan was carried out."""
    return Item(
        user_id=state.user_id,
        user_principal_name="user@contoso.example",
        display_name="A user",
        groups=(0,),
        status=plan.status,
        before=Before(state.licenses, state.usage_location),
        added=plan.add + plan.regrants,
        removed=plan.remove,
        location=plan.location,
    )


@dataclass(frozen=True)
class World:
    """A user and the running grants."""

    user: UserState
    grants: Mapping[str, Grant]

    def after(self, plan: LicensePlan) -> "World":
        grants = resulting_grants(self.grants, plan)
        return World(with_expiries(resulting_state(self.user, plan), grants), grants)

    def plan(self, request: ChangeRequest) -> LicensePlan:
        return plan_user(request, self.user, self.grants, CATALOG, NOW)

    def undo(self, item: Item, action: Action, now: datetime = NOW) -> LicensePlan:
        return plan_undo(item, self.user, self.grants, CATALOG, now, action)


def world(state: UserState, *grants: Grant) -> World:
    by_sku = running(*grants)
    return World(with_expiries(state, by_sku), by_sku)
