"""Small tenants with one user for each case, so that a test can say what must become of whom."""

from dataclasses import dataclass
from typing import Any

from tests.support.graph import GraphControl

Json = dict[str, Any]

E3 = "05e9a617-0261-4cee-bb44-138d3ef5d965"  # SPE_E3
E5 = "06ebc4ee-1bb5-47dd-8120-11324bc54e06"  # SPE_E5
VISIO = "c5928f49-12ba-48f7-ada3-0d743a3601d5"  # VISIOCLIENT
POWER_BI = "f8a1db68-be16-40ed-86d5-cb42ce701560"  # POWER_BI_PRO
OFFICE_E3 = "6fd2c87f-b296-42f0-b197-1e91e994b900"  # ENTERPRISEPACK
TEAMS_PLAN = "57ff2da0-773e-42df-b2af-ffb7a2317929"
SWAY_PLAN = "a23b959c-7ce8-4e57-9140-b90eb88a9e97"

SKUS = (
    {"skuPartNumber": "ENTERPRISEPACK", "enabled": 1000},
    {"skuPartNumber": "VISIOCLIENT", "enabled": 1000},
    {"skuPartNumber": "POWER_BI_PRO", "enabled": 1000},
    {"skuPartNumber": "EXCHANGESTANDARD", "enabled": 1000},
)


@dataclass(frozen=True)
class Tenant:
    """`users` by the name of their case; `groups` by name: Europe contains Germany, Berlin overlaps both."""

    users: dict[str, str]
    groups: dict[str, str]


def direct(sku_id: str, *disabled_plans: str) -> Json:
    return {"skuId": sku_id, "disabledPlans": list(disabled_plans)}


def mixed_tenant(control: GraphControl) -> Tenant:
    """Users that hold Visio directly, by a group, both ways or not, with and without a location."""
    control.reset("empty")
    control.seed(skus=SKUS)
    cases: dict[str, Json] = {
        "none": {"usageLocation": "DE"},
        "direct": {"usageLocation": "DE", "licenses": [direct(VISIO)]},
        "inherited": {"usageLocation": "DE"},
        "both": {"usageLocation": "DE", "licenses": [direct(VISIO)]},
        "office": {"usageLocation": "DE", "licenses": [direct(OFFICE_E3, SWAY_PLAN)]},
        "office and visio": {"usageLocation": "FR", "licenses": [direct(OFFICE_E3), direct(VISIO)]},
        "no location": {},
        "guest": {"usageLocation": "DE", "userType": "Guest"},
        "disabled": {"usageLocation": "DE", "accountEnabled": False},
    }
    ids = control.seed(
        users=[
            {"displayName": name, "userPrincipalName": f"{name.replace(' ', '.')}@contoso.example", **user}
            for name, user in cases.items()
        ]
    )["userIds"]
    users = dict(zip(cases, ids, strict=True))
    germany = [users[name] for name in ("none", "direct", "inherited", "both", "office")]
    berlin = [users[name] for name in ("none", "direct", "office and visio", "disabled")]
    group_ids = control.seed(
        groups=[
            {"displayName": "Germany", "kind": "security", "members": germany},
            {"displayName": "Berlin", "kind": "microsoft365", "members": berlin},
            {
                "displayName": "Visio by group",
                "kind": "security",
                "members": [users["inherited"], users["both"]],
                "assignedLicenses": [direct(VISIO)],
            },
            {"displayName": "Nobody", "kind": "security", "members": []},
        ]
    )["groupIds"]
    names = ("Germany", "Berlin", "Visio by group", "Nobody")
    groups = dict(zip(names, group_ids, strict=True))
    europe = control.seed(
        groups=[
            {
                "displayName": "Europe",
                "kind": "security",
                "members": [groups["Germany"], users["no location"], users["guest"]],
            }
        ]
    )["groupIds"][0]
    return Tenant(users, {**groups, "Europe": europe})


def holds(user: Json) -> dict[str, list[str]]:
    """The direct licences of a user of the simulator: disabled plans by skuId."""
    return {entry["skuId"]: sorted(entry["disabledPlans"]) for entry in user["licenses"] if entry["direct"]}


def state(user: Json) -> Json:
    """What a user of the simulator holds and from where, whatever the order, and the location."""
    licenses = {
        entry["skuId"]: {
            "direct": entry["direct"],
            "disabledPlans": sorted(entry["disabledPlans"]),
            "groups": sorted(entry["groups"]),
        }
        for entry in user["licenses"]
    }
    return {"licenses": licenses, "usageLocation": user["usageLocation"]}


def states(control: GraphControl, tenant: Tenant) -> dict[str, Json]:
    """The state of every user by the name of the case."""
    return {name: state(control.user(user_id)) for name, user_id in tenant.users.items()}
