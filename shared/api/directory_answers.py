"""Groups, members, licenses and locations as JSON."""

from collections.abc import Mapping
from dataclasses import dataclass

from shared.api.answers import time_json
from shared.api.shapes import (
    AssignedLicenseShape,
    CountryListShape,
    GroupShape,
    LicenseShape,
    MemberLicenseShape,
    MemberShape,
)
from shared.catalog import locations, product_name
from shared.graph.directory import Group, Member
from shared.models import Catalog, HeldLicense, Sku, UserState


@dataclass(frozen=True, slots=True)
class LicenseUse:
    """How many of the users that were read hold a license; who holds it both ways counts in both."""

    sku_id: str
    users: int
    direct: int
    inherited: int


def license_names(catalog: Catalog) -> dict[str, str]:
    """Display names by skuId."""
    return {sku.sku_id: sku.name for sku in catalog.values()}


def group_json(group: Group) -> GroupShape:
    return {
        "id": group.id,
        "displayName": group.display_name,
        "description": group.description,
        "mail": group.mail,
        "kind": group.kind,
        "dynamic": group.dynamic,
        "assignedLicenses": [
            {"skuId": license_.sku_id, "disabledPlans": list(license_.disabled_plans or ())}
            for license_ in group.assigned_licenses
        ],
    }


def member_json(
    member: Member, state: UserState, catalog: Catalog, group_names: Mapping[str, str]
) -> MemberShape:
    """A member with what it holds. A group that `group_names` lacks, deleted for one, is shown by its id."""
    return {
        "id": member.user_id,
        "userPrincipalName": member.user_principal_name,
        "displayName": member.display_name,
        "accountEnabled": member.account_enabled,
        "userType": member.user_type,
        "usageLocation": state.usage_location,
        "licenses": [_member_license(held, catalog, group_names) for held in state.licenses],
    }


def license_json(sku: Sku) -> LicenseShape:
    return {
        "skuId": sku.sku_id,
        "skuPartNumber": sku.sku_part_number,
        "displayName": sku.name,
        "enabled": sku.enabled,
        "consumed": sku.consumed,
        "available": sku.available,
        "warning": sku.warning,
        "suspended": sku.suspended,
        "lockedOut": sku.locked_out,
        "status": sku.capability_status,
        "servicePlans": [
            {
                "servicePlanId": plan.service_plan_id,
                "servicePlanName": plan.service_plan_name,
                "displayName": plan.name,
                "assignable": plan.assignable,
            }
            for plan in sku.service_plans
        ],
    }


def assigned_licenses_json(uses: list[LicenseUse], names: Mapping[str, str]) -> list[AssignedLicenseShape]:
    """By display name; a license that the tenant no longer has goes by its id."""
    value: list[AssignedLicenseShape] = [
        {
            "skuId": use.sku_id,
            "displayName": names.get(use.sku_id, use.sku_id),
            "users": use.users,
            "direct": use.direct,
            "inherited": use.inherited,
        }
        for use in uses
    ]
    return sorted(value, key=lambda shown: shown["displayName"])


def locations_json() -> CountryListShape:
    """All 249 of them."""
    return {"value": [{"code": code, "name": name} for code, name in locations().items()]}


def _member_license(
    held: HeldLicense, catalog: Catalog, group_names: Mapping[str, str]
) -> MemberLicenseShape:
    sku = catalog.get(held.sku_id)
    part_number = sku.sku_part_number if sku else held.sku_id
    return {
        "skuId": held.sku_id,
        "skuPartNumber": part_number,
        "displayName": product_name(held.sku_id, part_number),
        "direct": held.direct,
        "inheritedFrom": [
            {"id": group_id, "displayName": group_names.get(group_id, group_id)}
            for group_id in held.inherited_from
        ],
        "disabledPlans": list(held.disabled_plans),
        "expiresAt": time_json(held.expires_at),
    }
