"""The tests' controls under `/_control`: seed, change, break, slow down, and see the true state.

Reads here never lag. There is no sign-in: the simulator holds nothing but made-up data.
"""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar
from urllib.parse import parse_qs, unquote

from pydantic import BaseModel, ValidationError

from local.graph import seeding
from local.graph.control_models import (
    FaultsBody,
    GroupPatch,
    LagBody,
    LatencyBody,
    LimitsBody,
    PermissionsBody,
    ResetBody,
    SeedBody,
    SkuPatch,
    TokensBody,
    UserPatch,
)
from local.graph.directory import transitive_members
from local.graph.limits import Limits, LimitSettings
from local.graph.model import Group, Lag, User
from local.graph.paging import Place

if TYPE_CHECKING:
    from local.graph.app import GraphApp

BodyType = TypeVar("BodyType", bound=BaseModel)


class Call(NamedTuple):
    """A control call; `key` is the id in its path."""

    app: "GraphApp"
    key: str
    query: dict[str, list[str]]
    body: bytes

    def read(self, model: type[BodyType]) -> BodyType:
        return model.model_validate_json(self.body or b"{}")

    @property
    def now(self) -> float:
        return self.app.clock.now()


class UnknownObjectError(Exception):
    """The path names an object that does not exist."""


Reply = tuple[int, bytes, str]
_JSON = "application/json"


def handle(app: "GraphApp", method: str, path: str, query: str, body: bytes) -> Reply:
    """Carry out a control call; answers status, body and content type."""
    handler, key = _find(method, path)
    if handler is None:
        return _json(404, {"error": f"no control {method} {path}"})
    try:
        result = handler(Call(app, unquote(key), parse_qs(query), body))
    except ValidationError as error:
        return _json(400, {"error": json.loads(error.json(include_url=False, include_context=False))})
    except UnknownObjectError as error:
        return _json(404, {"error": str(error)})
    except ValueError as error:
        return _json(400, {"error": str(error)})
    if isinstance(result, bytes):
        return 200, result, "application/octet-stream"
    return _json(200, result)


def _json(status: int, document: Any) -> Reply:
    return status, json.dumps(document, ensure_ascii=False).encode(), _JSON


def _find(method: str, path: str) -> tuple[Callable[[Call], Any] | None, str]:
    parts = path.strip("/").split("/")
    literal = _CONTROLS.get(f"{method} {'/'.join(parts)}")
    if literal is not None or len(parts) < 2:
        return literal, ""
    return _CONTROLS.get(f"{method} {'/'.join([parts[0], '{id}', *parts[2:]])}"), parts[1]


# -- tenant


def _reset(call: Call) -> dict[str, Any]:
    body = call.read(ResetBody)
    call.app.reset(body.tenant, body.seed)
    return {"tenantId": call.app.simulator.tenant.id}


def _seed(call: Call) -> dict[str, list[str]]:
    return seeding.seed(call.app.simulator.tenant, call.read(SeedBody), call.now)


def _user(call: Call) -> User:
    user = call.app.simulator.tenant.find_user(call.key)
    if user is None:
        raise UnknownObjectError(f"no user {call.key}")
    return user


def _group(call: Call) -> Group:
    group = call.app.simulator.tenant.groups.get(call.key.lower())
    if group is None:
        raise UnknownObjectError(f"no group {call.key}")
    return group


def _true_state(user: User) -> dict[str, Any]:
    licenses: dict[str, dict[str, Any]] = {}
    for item in user.licenses:
        if not item.counts:
            continue
        entry = licenses.setdefault(
            item.sku_id, {"skuId": item.sku_id, "disabledPlans": [], "direct": False, "groups": []}
        )
        if item.group_id is None:
            entry["direct"], entry["disabledPlans"] = True, list(item.disabled)
        else:
            entry["groups"].append(item.group_id)
            if not entry["direct"]:
                entry["disabledPlans"] = list(item.disabled)
    return {
        "id": user.id,
        "userPrincipalName": user.user_principal_name,
        "displayName": user.display_name,
        "accountEnabled": user.account_enabled,
        "userType": user.user_type,
        "usageLocation": user.usage_location,
        "licenses": list(licenses.values()),
    }


def _get_user(call: Call) -> dict[str, Any]:
    return _true_state(_user(call))


def _patch_user(call: Call) -> dict[str, Any]:
    user = _user(call)
    seeding.patch_user(call.app.simulator.tenant, user, call.read(UserPatch), call.now)
    return _true_state(user)


def _delete_user(call: Call) -> dict[str, Any]:
    call.app.simulator.tenant.delete_user(_user(call), call.now)
    return {}


def _transitive_users(call: Call, group: Group) -> list[User]:
    sim = call.app.simulator
    listing = transitive_members(sim, group, None)
    listing.users_only = True
    return [item for _, item in listing.walk(sim.tenant, Place(0, 0)) if isinstance(item, User)]


def _group_state(call: Call, group: Group) -> dict[str, Any]:
    sim = call.app.simulator
    listing = transitive_members(sim, group, None)
    listing.users_only = True
    return {
        "id": group.id,
        "displayName": group.display_name,
        "kind": group.kind,
        "dynamic": group.dynamic,
        "members": len(group.members.ids) + len(group.members.bulk),
        "transitiveUsers": listing.count(sim.tenant),
    }


def _list_groups(call: Call) -> list[dict[str, Any]]:
    return [_group_state(call, group) for group in call.app.simulator.tenant.groups.values()]


def _group_users(call: Call) -> list[dict[str, Any]]:
    return [_true_state(user) for user in _transitive_users(call, _group(call))]


def _patch_group(call: Call) -> dict[str, Any]:
    group = _group(call)
    seeding.patch_group(call.app.simulator.tenant, group, call.read(GroupPatch), call.now)
    return _group_state(call, group)


def _delete_group(call: Call) -> dict[str, Any]:
    tenant, group = call.app.simulator.tenant, _group(call)
    seeding.patch_group(tenant, group, GroupPatch(assigned_licenses=[]), call.now)
    tenant.delete_group(group, call.now)
    return {}


def _list_skus(call: Call) -> list[dict[str, Any]]:
    return [
        {
            "skuId": sku.sku_id,
            "skuPartNumber": sku.part_number,
            "capabilityStatus": sku.status,
            "appliesTo": sku.applies_to,
            "enabled": sku.enabled,
            "warning": sku.warning,
            "suspended": sku.suspended,
            "lockedOut": sku.locked_out,
            "consumed": sku.consumed,
            "servicePlans": [{"servicePlanId": plan.id, "servicePlanName": plan.name} for plan in sku.plans],
        }
        for sku in call.app.simulator.tenant.skus.values()
    ]


def _patch_sku(call: Call) -> dict[str, Any]:
    sku = call.app.simulator.tenant.skus.get(call.key.lower())
    if sku is None:
        raise UnknownObjectError(f"no SKU {call.key}")
    seeding.patch_sku(sku, call.read(SkuPatch))
    return {"skuId": sku.sku_id}


# -- behaviour


def _changes(call: Call) -> dict[str, Any]:
    limit = call.query.get("limit")
    since = int(call.query.get("since", ["0"])[0])
    return call.app.simulator.changes.since(since, int(limit[0]) if limit else None)


def _stats(call: Call) -> dict[str, Any]:
    return call.app.simulator.stats.report()


def _reset_stats(call: Call) -> dict[str, Any]:
    call.app.simulator.stats.reset()
    return {}


def _latency(call: Call) -> dict[str, Any]:
    body = call.read(LatencyBody)
    sim = call.app.simulator
    sim.latency, sim.jitter = body.milliseconds / 1000, body.jitter / 1000
    return {}


def _limits(call: Call) -> dict[str, Any]:
    call.app.simulator.limits = Limits(LimitSettings(**call.read(LimitsBody).model_dump()))
    return {}


def _lag(call: Call) -> dict[str, Any]:
    body = call.read(LagBody)
    call.app.simulator.tenant.lag = Lag(
        body.read_after_write_seconds, body.usage_location_seconds, body.members_seconds
    )
    return {}


def _add_faults(call: Call) -> dict[str, Any]:
    return {"ids": call.app.simulator.faults.add(call.read(FaultsBody).faults)}


def _list_faults(call: Call) -> dict[str, Any]:
    return {"faults": call.app.simulator.faults.report()}


def _clear_faults(call: Call) -> dict[str, Any]:
    call.app.simulator.faults.clear()
    return {}


def _token_lifetime(call: Call) -> dict[str, Any]:
    call.app.simulator.tokens.lifetime = call.read(TokensBody).lifetime_seconds
    return {}


def _revoke_tokens(call: Call) -> dict[str, Any]:
    call.app.simulator.tokens.revoke_all()
    return {}


def _expire_pages(call: Call) -> dict[str, Any]:
    call.app.simulator.pages.expire_all()
    return {}


def _permissions(call: Call) -> dict[str, Any]:
    call.app.simulator.withheld = frozenset(call.read(PermissionsBody).withhold)
    return {}


# -- what was delivered


def _list_files(call: Call) -> list[dict[str, Any]]:
    return call.app.simulator.drives.report()


def _file(call: Call) -> bytes:
    path = "/" + call.query.get("path", [""])[0].strip("/")
    try:
        return call.app.simulator.drives.files[call.key, path]
    except KeyError:
        raise UnknownObjectError(f"no file {path} in drive {call.key}") from None


def _mails(call: Call) -> list[dict[str, Any]]:
    return call.app.simulator.mails


_CONTROLS: dict[str, Callable[[Call], Any]] = {
    "POST reset": _reset,
    "POST seed": _seed,
    "GET users/{id}": _get_user,
    "PATCH users/{id}": _patch_user,
    "DELETE users/{id}": _delete_user,
    "GET groups": _list_groups,
    "GET groups/{id}/users": _group_users,
    "PATCH groups/{id}": _patch_group,
    "DELETE groups/{id}": _delete_group,
    "GET skus": _list_skus,
    "PATCH skus/{id}": _patch_sku,
    "GET changes": _changes,
    "GET stats": _stats,
    "POST stats/reset": _reset_stats,
    "PUT latency": _latency,
    "PUT limits": _limits,
    "PUT lag": _lag,
    "POST faults": _add_faults,
    "GET faults": _list_faults,
    "DELETE faults": _clear_faults,
    "POST tokens": _token_lifetime,
    "POST tokens/revoke": _revoke_tokens,
    "POST tokens/expire-pages": _expire_pages,
    "PUT permissions": _permissions,
    "GET drives": _list_files,
    "GET drives/{id}/content": _file,
    "GET mails": _mails,
}
