"""Writes to the directory: licences and usageLocation of users, licences of groups."""

import json

from local.graph.changelog import Change
from local.graph.clock import timestamp
from local.graph.directory import require_group, require_user, user_answer
from local.graph.group_licensing import groups_of, start_processing
from local.graph.messages import GraphError, Refusal
from local.graph.model import Group, Licenses, User
from local.graph.render import USER_PROPERTIES, group_fields
from local.graph.request import Answer, GraphRequest, Query
from local.graph.rules import check_addition, decide, inherit, is_location, read_change
from local.graph.simulator import Simulator

WHOLE_USER = Query()


def assign_user_license(sim: Simulator, request: GraphRequest, key: str) -> Answer:
    """Add and remove direct licences of a user: all of it, or a refusal. Answers the default user properties."""
    user = require_user(sim, key)
    body = request.json()
    change = read_change(body, sim.tenant)
    before = user.licenses
    after = decide(sim.tenant, user, change, request.now, timestamp(request.now))
    changed = _content(after) != _content(before)
    if changed:
        sim.tenant.set_licenses(user, after, request.now)
        reinherit(sim, user, request.now)
    _log(sim, request, user, "license", json.dumps(body), (before, user.usage_location), changed)
    answer = user_answer(sim, request, user, WHOLE_USER)
    answer.unchanged = not changed
    return answer


def _content(licenses: Licenses) -> set[tuple[str, str | None, frozenset[str]]]:
    return {(item.sku_id, item.group_id, frozenset(item.disabled)) for item in licenses}


def reinherit(sim: Simulator, user: User, now: float) -> None:
    """Work out the group-based licences of a user anew."""
    groups = groups_of(sim.tenant, user)
    if not groups and all(item.group_id is None for item in user.licenses):
        return
    after = inherit(sim.tenant, user, groups, timestamp(now))
    if after != user.licenses:
        sim.tenant.set_licenses(user, after, now)


def _log(
    sim: Simulator,
    request: GraphRequest,
    user: User,
    kind: str,
    body: str,
    before: tuple[Licenses, str | None],
    changed: bool,
) -> None:
    sim.changes.add(
        Change(
            request.now,
            user.id,
            kind,
            body,
            *before,
            user.licenses,
            user.usage_location,
            changed,
            request.client_request_id,
            request.request_id,
        )
    )


_READ_ONLY = ("assignedLicenses", "assignedPlans", "licenseAssignmentStates", "id", "createdDateTime")


def patch_user(sim: Simulator, request: GraphRequest, key: str) -> Answer:
    """Set usageLocation, the one property that can be written here; annotations such as `@odata.type` may stand by."""
    user = require_user(sim, key)
    body = request.json()
    if not isinstance(body, dict):
        raise GraphError(Refusal.UNREADABLE_JSON)
    names = [name for name in body if not name.startswith("@")]
    if not names:
        raise GraphError(Refusal.UNREADABLE_JSON)
    for name in names:
        if name in _READ_ONLY:
            raise GraphError(Refusal.READ_ONLY, name)
        if name != "usageLocation":
            refusal = Refusal.READ_ONLY if name in USER_PROPERTIES else Refusal.INVALID_PROPERTY
            raise GraphError(refusal, name)
    location = body["usageLocation"]
    if not isinstance(location, str) or not is_location(location):
        raise GraphError(Refusal.INVALID_VALUE, "usageLocation")
    before = (user.licenses, user.usage_location)
    changed = location != user.usage_location
    if changed:
        sim.tenant.set_location(user, location, request.now)
    _log(sim, request, user, "location", json.dumps(body), before, changed)
    return Answer(204, unchanged=not changed)


def reprocess_user(sim: Simulator, request: GraphRequest, key: str) -> Answer:
    """Work out the inherited licences again; what stands in their way is answered as an error."""
    user = require_user(sim, key)
    reinherit(sim, user, request.now)
    for item in user.licenses:
        if item.error == "CountViolation":
            raise GraphError(Refusal.NO_UNITS, item.sku_id)
        if item.error not in ("None", "Other"):
            raise GraphError(Refusal.REPROCESS_FAILED, item.error)
    return user_answer(sim, request, user, WHOLE_USER)


def assign_group_license(sim: Simulator, request: GraphRequest, key: str) -> Answer:
    """Add and remove licences of a group: 202 at once, its members follow shortly after."""
    group = require_group(sim, key)
    change = read_change(request.json(), sim.tenant)
    if not (group.security_enabled or group.kind == "microsoft365"):
        raise GraphError(Refusal.GROUP_NOT_SECURITY)
    for sku_id in change.remove:
        if sku_id not in group.assigned:
            raise GraphError(Refusal.GROUP_LICENSE_NOT_HELD)
    for sku_id, plans in change.add.items():
        check_addition(sim.tenant.skus[sku_id], plans)
    for sku_id in change.remove:
        del group.assigned[sku_id]
    group.assigned.update(change.add)
    start_processing(sim, group, request.now)
    return _group_accepted(request, group)


def _group_accepted(request: GraphRequest, group: Group) -> Answer:
    fields = group_fields(group, ("id", "createdDateTime", "groupTypes", "securityEnabled"))
    location = f"{request.root}/groups/{group.id}"
    body = f'{{"@odata.context":"{request.root}/$metadata#groups/$entity",{fields}}}'
    return Answer(202, body, {"Location": location})


def send_mail(sim: Simulator, request: GraphRequest, key: str) -> Answer:
    """Accept a mail; it is kept for the tests to read."""
    user = require_user(sim, key)
    body = request.json()
    message = body.get("message") if isinstance(body, dict) else None
    if not isinstance(message, dict) or not message.get("toRecipients"):
        raise GraphError(Refusal.UNREADABLE_JSON)
    sim.mails.append({"from": user.user_principal_name, "message": message})
    return Answer(202)
