"""Makes SKUs, users and groups from seeds, and changes them behind Graph's back, as an administrator might."""

from local.graph.bulk import MILLION
from local.graph.catalog import PlanInfo, load_catalog
from local.graph.clock import timestamp
from local.graph.control_models import (
    BulkSeed,
    GroupPatch,
    GroupSeed,
    LicenseSeed,
    SeedBody,
    SkuPatch,
    SkuSeed,
    UserPatch,
    UserSeed,
)
from local.graph.group_licensing import apply_to_users, members_and_holders
from local.graph.model import Assignment, Group, Licenses, Sku, User, new_guid
from local.graph.state import Tenant


def seed(tenant: Tenant, body: SeedBody, now: float) -> dict[str, list[str]]:
    """Add what the body lists; answers the ids in its order, those of bulk groups last."""
    skus = [add_sku(tenant, item) for item in body.skus]
    users = [add_user(tenant, item, now) for item in body.users]
    groups = [add_group(tenant, item) for item in body.groups]
    for group, item in zip(groups, body.groups, strict=True):
        tenant.add_members(group, _known(tenant, item.members), now)
        group.shown = None
    for group in groups:
        if group.assigned:
            apply_to_users(tenant, members_and_holders(tenant, group), now)
    groups.extend(add_bulk(tenant, item, now) for item in body.bulk)
    answer = {"skuIds": [sku.sku_id for sku in skus], "groupIds": [group.id for group in groups]}
    return answer if body.bulk and not body.users else {**answer, "userIds": [user.id for user in users]}


def _known(tenant: Tenant, ids: list[str]) -> list[str]:
    """Ids of objects that exist; raises ValueError for any other, which a test would not notice."""
    for object_id in ids:
        if tenant.find_object(object_id.lower()) is None:
            raise ValueError(f"no object {object_id}")
    return [object_id.lower() for object_id in ids]


def add_sku(tenant: Tenant, item: SkuSeed) -> Sku:
    known = load_catalog().skus.get(item.sku_part_number)
    plans = known.plans if known else ()
    if item.service_plans is not None:
        plans = tuple(
            PlanInfo(p.service_plan_id.lower(), p.service_plan_name, "User") for p in item.service_plans
        )
    sku = Sku(
        (item.sku_id or (known.sku_id if known else new_guid(tenant.rng))).lower(),
        item.sku_part_number,
        plans,
        item.enabled,
        item.warning,
        item.suspended,
        item.locked_out,
        item.applies_to,
        item.capability_status,
    )
    tenant.add_sku(sku)
    return sku


def direct(licenses: list[LicenseSeed], now: float) -> Licenses:
    updated = timestamp(now)
    return tuple(
        Assignment(
            item.sku_id.lower(),
            None,
            tuple(p.lower() for p in item.disabled_plans),
            "Active",
            "None",
            updated,
        )
        for item in licenses
    )


def add_user(tenant: Tenant, item: UserSeed, now: float) -> User:
    user_id = (item.id or new_guid(tenant.rng)).lower()
    user = User(
        user_id,
        item.display_name or f"User {len(tenant.users) + 1}",
        item.user_principal_name or f"{user_id}@{tenant.domain}",
        item.usage_location,
        direct(item.licenses, now),
        item.account_enabled,
        item.user_type,
    )
    tenant.add_user(user)
    return user


def add_group(tenant: Tenant, item: GroupSeed) -> Group:
    group = Group((item.id or new_guid(tenant.rng)).lower(), item.display_name, item.kind, item.dynamic)
    group.assigned = {
        entry.sku_id.lower(): tuple(plan.lower() for plan in entry.disabled_plans)
        for entry in item.assigned_licenses
    }
    tenant.groups[group.id] = group
    return group


def add_bulk(tenant: Tenant, item: BulkSeed, now: float) -> Group:
    """Users by number, and the group that holds them: an existing one or a new one."""
    group = tenant.groups.get((item.group_id or "").lower())
    if group is None:
        group = add_group(tenant, GroupSeed(id=item.group_id, display_name=item.display_name))
    start = tenant.bulk.next_free() if item.first_index is None else item.first_index
    shares = [
        (
            round(entry.share * MILLION),
            direct([LicenseSeed(sku_id=entry.sku_id, disabled_plans=entry.disabled_plans)], now)[0],
        )
        for entry in item.licenses
    ]
    tenant.add_bulk(start, start + item.users, item.usage_location, shares)
    tenant.add_bulk_members(group, start, start + item.users)
    if group.assigned:
        apply_to_users(tenant, members_and_holders(tenant, group), now)
    return group


# -- changes behind Graph's back


def patch_user(tenant: Tenant, user: User, patch: UserPatch, now: float) -> None:
    given = patch.model_fields_set
    tenant.keep(user)
    if "display_name" in given and patch.display_name is not None:
        user.display_name = patch.display_name
    if "account_enabled" in given and patch.account_enabled is not None:
        user.account_enabled = patch.account_enabled
    if "user_type" in given and patch.user_type is not None:
        user.user_type = patch.user_type
    if "usage_location" in given:
        tenant.set_location(user, patch.usage_location, now)
    if patch.licenses is not None:
        inherited = tuple(item for item in user.licenses if item.group_id is not None)
        tenant.set_licenses(user, direct(patch.licenses, now) + inherited, now)


def patch_group(tenant: Tenant, group: Group, patch: GroupPatch, now: float) -> None:
    if patch.display_name is not None:
        group.display_name = patch.display_name
    if patch.add:
        tenant.add_members(group, _known(tenant, patch.add), now)
    if patch.remove:
        tenant.remove_members(group, [key.lower() for key in patch.remove], now)
    if patch.assigned_licenses is not None:
        group.assigned = {
            item.sku_id.lower(): tuple(plan.lower() for plan in item.disabled_plans)
            for item in patch.assigned_licenses
        }
    if group.assigned or patch.assigned_licenses is not None:
        apply_to_users(tenant, members_and_holders(tenant, group), now)


def patch_sku(sku: Sku, patch: SkuPatch) -> None:
    given = patch.model_dump(exclude_unset=True)
    if "capability_status" in given:
        sku.status_override = given.pop("capability_status")
    for name, value in given.items():
        if value is not None:
            setattr(sku, name, value)
