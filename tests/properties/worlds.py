"""Generated tenants and jobs. Users hold what Graph lets them hold; what a job asks for may be refused."""

from dataclasses import dataclass, field
from random import Random
from typing import Any, TypeVar

from hypothesis import strategies as st

from tests.support.graph import GraphControl
from tests.system.tenants import OFFICE_E3, POWER_BI, SWAY_PLAN, TEAMS_PLAN, VISIO, direct

Json = dict[str, Any]
Value = TypeVar("Value")

EXCHANGE = "4b9405b0-7788-4568-add1-99614e613b69"  # EXCHANGESTANDARD
PHONE = "e43b5b99-8dfb-405f-9987-dc307f34bcbd"  # MCOEV, which needs Teams
SHAREPOINT_1 = (
    "1fc08a02-8b3d-43b9-831e-f76859e04e1a"  # SHAREPOINTSTANDARD, which excludes that of Office 365 E3
)
PART_NUMBERS = {
    OFFICE_E3: "ENTERPRISEPACK",
    VISIO: "VISIOCLIENT",
    POWER_BI: "POWER_BI_PRO",
    EXCHANGE: "EXCHANGESTANDARD",
    PHONE: "MCOEV",
    SHAREPOINT_1: "SHAREPOINTSTANDARD",
}
PLANS = {
    OFFICE_E3: [SWAY_PLAN, TEAMS_PLAN],
    VISIO: ["2bdbaf8f-738f-4ac7-9234-3c3ee2ce7d0f"],  # VISIOONLINE
}
INHERITED = (VISIO, POWER_BI)
"""Licences that groups give; the others might stand in the way of an inheritance, which then comes and goes."""
GROUPS = ("Direct", "Nested")
USERS = (14, 22)
SKU_IDS = list(PART_NUMBERS)
MOSTLY = 0.7


@dataclass(frozen=True)
class World:
    """`members` are positions of users by group; `units` are those left free of each SKU, None for plenty."""

    users: list[Json]
    members: dict[str, list[int]]
    inheriting: dict[str, list[int]]
    body: Json
    units: dict[str, int | None]
    ids: list[str] = field(default_factory=list)


def seed(control: GraphControl, world: World) -> Json:
    """Make the tenant; answers the job's body with the ids of its groups."""
    control.reset("empty")
    control.seed(skus=[{"skuPartNumber": name, "enabled": 10_000} for name in PART_NUMBERS.values()])
    world.ids[:] = control.seed(users=world.users)["userIds"]

    def group(name: str, members: list[str], **more: object) -> Json:
        return {"displayName": name, "kind": "security", "members": members, **more}

    licensing = [
        group(f"gives {sku_id}", [world.ids[n] for n in who], assignedLicenses=[direct(sku_id)])
        for sku_id, who in world.inheriting.items()
    ]
    first = group(GROUPS[0], [world.ids[n] for n in world.members[GROUPS[0]]])
    (direct_id, *_) = control.seed(groups=[first, *licensing])["groupIds"]
    second = group(GROUPS[1], [direct_id, *(world.ids[n] for n in world.members[GROUPS[1]])])
    (nested_id,) = control.seed(groups=[second])["groupIds"]
    for sku in control.skus():
        free = world.units.get(sku["skuId"])
        if free is not None:
            control.patch_sku(sku["skuId"], enabled=sku["consumed"] + free)
    return {**world.body, "groupIds": [nested_id, direct_id]}


def worlds() -> st.SearchStrategy[World]:
    """Each world comes from one drawn seed: with few examples that gives more variety than to draw each choice."""
    return st.randoms(use_true_random=True).map(_world)


def _world(random: Random) -> World:
    users = [_user(random) for _ in range(random.randint(*USERS))]
    everybody = list(range(len(users)))
    first = _some_of(random, everybody)
    body = _body(random)
    return World(
        users=users,
        members={GROUPS[0]: first, GROUPS[1]: [n for n in everybody if n not in first]},
        inheriting={sku_id: random.sample(everybody, len(everybody) // 4) for sku_id in INHERITED},
        body=body,
        units={entry["skuId"]: random.choice([None, None, 0, 2, 4]) for entry in body["licenses"]},
    )


def _user(random: Random) -> Json:
    held = {sku_id: _some_of(random, PLANS.get(sku_id, [])) for sku_id in _some_of(random, SKU_IDS)}
    if OFFICE_E3 in held:
        held.pop(SHAREPOINT_1, None)
    if TEAMS_PLAN in held.get(OFFICE_E3, [TEAMS_PLAN]):
        held.pop(PHONE, None)
    location = random.choice(["DE", "FR", None])
    return {
        "usageLocation": location or ("DE" if held else None),  # no direct licence was ever given without one
        "userType": random.choice(["Member", "Member", "Guest"]),
        "accountEnabled": random.choice([True, True, False]),
        "licenses": [direct(sku_id, *plans) for sku_id, plans in held.items()],
    }


def _body(random: Random) -> Json:
    action = random.choice(["assign", "remove", "replace"])
    given = random.sample(SKU_IDS, random.choice([1, 2]))
    include = {"guests": random.random() < MOSTLY, "disabled": random.random() < MOSTLY}
    body: Json = {"action": action, "include": include, "confirm": True}
    if action == "remove":
        return {**body, "licenses": [{"skuId": sku_id} for sku_id in given]}
    body |= {"licenses": [_license(random, sku_id) for sku_id in given], "allowShortage": True}
    if random.random() < MOSTLY:
        body |= {"usageLocation": "IT", "usageLocationMode": random.choice(["always", "ifMissing"])}
    if action == "replace":
        others = [sku_id for sku_id in SKU_IDS if sku_id not in given]
        body["replaces"] = random.choice(["all", random.sample(others, 2)])
        body["keepDisabledPlans"] = random.choice([True, False])
    return body


def _license(random: Random, sku_id: str) -> Json:
    named = random.choice([None, _some_of(random, PLANS.get(sku_id, []))])
    return {"skuId": sku_id} if named is None else {"skuId": sku_id, "disabledPlans": named}


def _some_of(random: Random, values: list[Value]) -> list[Value]:
    return random.sample(values, random.randint(0, len(values)))
