"""Directory objects as Graph writes them: JSON text put together from the selected properties.

Text is built directly, not through dictionaries: pages of 999 users and batches are most of the simulator's work.
"""

import json
from collections.abc import Callable
from functools import lru_cache
from json.encoder import encode_basestring as quote

from local.graph.messages import GraphError, Refusal
from local.graph.model import DirectoryObject, Group, Licenses, OtherObject, Sku, User
from local.graph.state import Tenant

CREATED = '"2024-01-15T08:00:00Z"'

UserValue = Callable[[User, Licenses, str | None, Tenant], str]
GroupValue = Callable[[Group], str]


def text(value: str | None) -> str:
    return "null" if value is None else quote(value)


def texts(values: tuple[str, ...] | list[str]) -> str:
    return "[" + ",".join(map(quote, values)) + "]"


def assigned_licenses(licenses: Licenses) -> str:
    """One entry per SKU over all sources: a plan is disabled if every source disables it."""
    if not licenses:
        return "[]"
    merged: dict[str, tuple[str, ...]] = {}
    for item in licenses:
        if item.counts:
            known = merged.get(item.sku_id)
            merged[item.sku_id] = (
                item.disabled if known is None else tuple(plan for plan in known if plan in item.disabled)
            )
    entries = (f'{{"disabledPlans":{texts(plans)},"skuId":"{sku_id}"}}' for sku_id, plans in merged.items())
    return "[" + ",".join(entries) + "]"


def assignment_states(licenses: Licenses) -> str:
    """One entry per SKU and source."""
    if not licenses:
        return "[]"
    entries = (
        f'{{"skuId":"{item.sku_id}","assignedByGroup":{text(item.group_id)},'
        f'"disabledPlans":{texts(item.disabled)},"state":"{item.state}","error":"{item.error}",'
        f'"lastUpdatedDateTime":"{item.updated}"}}'
        for item in licenses
    )
    return "[" + ",".join(entries) + "]"


_SERVICES = (
    ("EXCHANGE", "exchange"),
    ("SHAREPOINT", "SharePoint"),
    ("MCO", "MicrosoftCommunicationsOnline"),
    ("TEAMS", "TeamspaceAPI"),
    ("INTUNE", "SCO"),
    ("AAD_", "AADPremiumService"),
    ("RMS_", "RMSOnline"),
    ("YAMMER", "YammerEnterprise"),
    ("OFFICE", "MicrosoftOffice"),
)


def _service(plan_name: str) -> str:
    """The service behind a plan; a plan of a service that we do not know is named by itself."""
    return next((service for prefix, service in _SERVICES if plan_name.startswith(prefix)), plan_name)


def _assigned_plans(licenses: Licenses, tenant: Tenant) -> str:
    entries: dict[str, str] = {}
    for item in licenses:
        sku = tenant.skus.get(item.sku_id)
        if sku is None or not item.counts:
            continue
        status = sku.status if sku.status in ("Enabled", "Warning", "Suspended") else "Deleted"
        for plan in sku.plans:
            if plan.id not in item.disabled:
                entries.setdefault(
                    plan.id,
                    f'{{"assignedDateTime":"{item.updated}","capabilityStatus":"{status}",'
                    f'"service":"{_service(plan.name)}","servicePlanId":"{plan.id}"}}',
                )
    return "[" + ",".join(entries.values()) + "]"


def _null(_user: User, _licenses: Licenses, _location: str | None, _tenant: Tenant) -> str:
    return "null"


def _empty(_user: User, _licenses: Licenses, _location: str | None, _tenant: Tenant) -> str:
    return "[]"


def _name(user: User, _licenses: Licenses, _location: str | None, _tenant: Tenant) -> str:
    return quote(user.user_principal_name)


USER_PROPERTIES: dict[str, UserValue] = {
    "businessPhones": _empty,
    "displayName": lambda user, licenses, location, tenant: quote(user.display_name),
    "givenName": lambda user, licenses, location, tenant: text(user.profile.given_name),
    "jobTitle": lambda user, licenses, location, tenant: text(user.profile.job_title),
    "mail": _name,
    "mobilePhone": _null,
    "officeLocation": lambda user, licenses, location, tenant: text(user.profile.office),
    "preferredLanguage": _null,
    "surname": lambda user, licenses, location, tenant: text(user.profile.surname),
    "userPrincipalName": _name,
    "id": lambda user, licenses, location, tenant: f'"{user.id}"',
    "accountEnabled": lambda user, licenses, location, tenant: "true" if user.account_enabled else "false",
    "userType": lambda user, licenses, location, tenant: quote(user.user_type),
    "usageLocation": lambda user, licenses, location, tenant: text(location),
    "assignedLicenses": lambda user, licenses, location, tenant: assigned_licenses(licenses),
    "licenseAssignmentStates": lambda user, licenses, location, tenant: assignment_states(licenses),
    "assignedPlans": lambda user, licenses, location, tenant: _assigned_plans(licenses, tenant),
    "department": lambda user, licenses, location, tenant: text(user.profile.department),
    "createdDateTime": lambda user, licenses, location, tenant: CREATED,
    "proxyAddresses": lambda user, licenses, location, tenant: texts([f"SMTP:{user.user_principal_name}"]),
    "mailNickname": lambda user, licenses, location, tenant: quote(user.user_principal_name.split("@")[0]),
    "deletedDateTime": _null,
    "city": _null,
    "country": _null,
    "companyName": _null,
    "employeeId": _null,
    "onPremisesSyncEnabled": _null,
    "state": _null,
}
USER_DEFAULTS = tuple(USER_PROPERTIES)[:11]


def _group_state(group: Group) -> str:
    state = "ProcessingComplete" if group.processing_since is None else "QueuedForProcessing"
    return f'{{"state":"{state}"}}'


GROUP_PROPERTIES: dict[str, GroupValue] = {
    "id": lambda group: f'"{group.id}"',
    "deletedDateTime": lambda group: "null",
    "classification": lambda group: "null",
    "createdDateTime": lambda group: CREATED,
    "description": lambda group: text(group.description),
    "displayName": lambda group: quote(group.display_name),
    "expirationDateTime": lambda group: "null",
    "groupTypes": lambda group: texts(group.group_types),
    "isAssignableToRole": lambda group: "null",
    "mail": lambda group: text(group.mail),
    "mailEnabled": lambda group: json.dumps(group.mail_enabled),
    "mailNickname": lambda group: f'"{group.id[:8]}"',
    "membershipRule": lambda group: text("user.department -ne null" if group.dynamic else None),
    "membershipRuleProcessingState": lambda group: text("On" if group.dynamic else None),
    "onPremisesSyncEnabled": lambda group: "null",
    "preferredDataLocation": lambda group: "null",
    "preferredLanguage": lambda group: "null",
    "proxyAddresses": lambda group: texts([f"SMTP:{group.mail}"] if group.mail else []),
    "renewedDateTime": lambda group: CREATED,
    "resourceBehaviorOptions": lambda group: "[]",
    "resourceProvisioningOptions": lambda group: "[]",
    "securityEnabled": lambda group: json.dumps(group.security_enabled),
    "theme": lambda group: "null",
    "visibility": lambda group: text("Private" if group.kind == "microsoft365" else None),
    "assignedLicenses": lambda group: (
        "["
        + ",".join(f'{{"disabledPlans":{texts(p)},"skuId":"{s}"}}' for s, p in group.assigned.items())
        + "]"
    ),
    "licenseProcessingState": _group_state,
}
GROUP_DEFAULTS = tuple(GROUP_PROPERTIES)[:24]


@lru_cache(maxsize=256)
def _user_values(select: tuple[str, ...]) -> tuple[tuple[str, UserValue], ...]:
    for name in select:
        if name not in USER_PROPERTIES:
            raise GraphError(Refusal.UNKNOWN_PROPERTY, name, "microsoft.graph.user")
    return tuple((f'"{name}":', USER_PROPERTIES[name]) for name in dict.fromkeys(select))


@lru_cache(maxsize=256)
def _group_values(select: tuple[str, ...]) -> tuple[tuple[str, GroupValue], ...]:
    for name in select:
        if name not in GROUP_PROPERTIES:
            raise GraphError(Refusal.UNKNOWN_PROPERTY, name, "microsoft.graph.group")
    return tuple((f'"{name}":', GROUP_PROPERTIES[name]) for name in dict.fromkeys(select))


def check_user_select(select: tuple[str, ...] | None) -> None:
    """Raises GraphError for a property that users do not have; a page without users is refused as well."""
    _user_values(select or USER_DEFAULTS)


def check_group_select(select: tuple[str, ...] | None) -> None:
    """Raises GraphError for a property that groups do not have."""
    _group_values(select or GROUP_DEFAULTS)


def user_fields(user: User, select: tuple[str, ...] | None, tenant: Tenant, now: float) -> str:
    """The selected properties without the braces, as a reader sees them at `now`."""
    licenses, location = user.seen_at(now)
    values = _user_values(select or USER_DEFAULTS)
    return ",".join([key + value(user, licenses, location, tenant) for key, value in values])


def group_fields(group: Group, select: tuple[str, ...] | None) -> str:
    return ",".join([key + value(group) for key, value in _group_values(select or GROUP_DEFAULTS)])


def _other_fields(other: OtherObject, select: tuple[str, ...] | None) -> str:
    fields = {"id": f'"{other.id}"', "displayName": quote(other.display_name)}
    return ",".join(f'"{name}":{value}' for name, value in fields.items() if not select or name in select)


def typed_object(item: DirectoryObject, select: tuple[str, ...] | None, tenant: Tenant, now: float) -> str:
    """An object of a mixed listing, with its `@odata.type`; properties of other types are left out."""
    if isinstance(item, User):
        known = tuple(n for n in select if n in USER_PROPERTIES) if select else None
        kind, fields = "user", user_fields(item, known or (("id",) if select else None), tenant, now)
    elif isinstance(item, Group):
        known = tuple(n for n in select if n in GROUP_PROPERTIES) if select else None
        kind, fields = "group", group_fields(item, known or (("id",) if select else None))
    else:
        kind, fields = item.kind, _other_fields(item, select)
    return f'{{"@odata.type":"#microsoft.graph.{kind}"{"," if fields else ""}{fields}}}'


def sku_json(sku: Sku, tenant: Tenant, select: tuple[str, ...] | None) -> str:
    """An item of subscribedSkus."""
    status = sku.status
    provisioning = "Success" if status in ("Enabled", "Warning") else "Disabled"
    item = {
        "accountId": tenant.id,
        "accountName": tenant.name,
        "appliesTo": sku.applies_to,
        "capabilityStatus": status,
        "consumedUnits": sku.consumed,
        "id": f"{tenant.id}_{sku.sku_id}",
        "skuId": sku.sku_id,
        "skuPartNumber": sku.part_number,
        "subscriptionIds": [],
        "prepaidUnits": {
            "enabled": sku.enabled,
            "suspended": sku.suspended,
            "warning": sku.warning,
            "lockedOut": sku.locked_out,
        },
        "servicePlans": _plans(sku, provisioning),
    }
    for name in select or ():
        if name not in item:
            raise GraphError(Refusal.UNKNOWN_PROPERTY, name, "microsoft.graph.subscribedSku")
    return json.dumps({name: value for name, value in item.items() if not select or name in select})


def _plans(sku: Sku, provisioning: str, disabled: tuple[str, ...] = ()) -> list[dict[str, str]]:
    return [
        {
            "servicePlanId": plan.id,
            "servicePlanName": plan.name,
            "provisioningStatus": "Disabled" if plan.id in disabled else provisioning,
            "appliesTo": plan.applies_to,
        }
        for plan in sku.plans
    ]


def license_details(licenses: Licenses, tenant: Tenant) -> list[str]:
    """The items of licenseDetails: one per SKU, with the state of its plans for this user."""
    sources: dict[str, list[tuple[str, ...]]] = {}
    for item in licenses:
        if item.counts and item.sku_id in tenant.skus:
            sources.setdefault(item.sku_id, []).append(item.disabled)
    details = []
    for sku_id, plans in sources.items():
        sku = tenant.skus[sku_id]
        off = tuple(plan for plan in plans[0] if all(plan in other for other in plans))
        details.append(
            json.dumps(
                {
                    "id": sku_id,
                    "skuId": sku_id,
                    "skuPartNumber": sku.part_number,
                    "servicePlans": _plans(sku, "Success", off),
                }
            )
        )
    return details
