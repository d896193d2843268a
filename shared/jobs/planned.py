"""Which plan an item of a job gets, for every action."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from shared.errors import GraphError
from shared.jobs.records import ChunkRecord, JobRecord
from shared.jobs.services import Services
from shared.models import (
    Action,
    Before,
    Catalog,
    ChangeRequest,
    Grant,
    Item,
    ItemError,
    ItemStatus,
    LicensePlan,
    UserState,
)
from shared.planning import plan_expiry, plan_undo, plan_user, same_as_planned


@dataclass(frozen=True, slots=True)
class Sources:
    """`seen` are a dry run's items, by user, where the job carries it out; `undone` those of the job to undo."""

    seen: Mapping[str, Item] = field(default_factory=dict)
    undone: Mapping[str, Item] = field(default_factory=dict)
    undone_action: Action | None = None

    @classmethod
    def of(cls, services: Services, job: JobRecord, chunk: ChunkRecord) -> "Sources":
        source_id, undo_of = job.facts.source_job_id, job.request.undo_of
        if source_id is None or chunk.source_index is None:
            return cls()
        source = services.jobs.chunk(source_id, chunk.source_index)
        seen = _by_user(source) if job.request.plan_id else {}
        if undo_of is None:
            return cls(seen=seen)
        if job.request.plan_id and source is not None and source.source_index is not None:
            source = services.jobs.chunk(undo_of, source.source_index)
        undone_job = services.jobs.get(undo_of)
        return cls(seen, _by_user(source), undone_job.request.action if undone_job else None)


def givers(job: JobRecord, user: UserState) -> tuple[str, ...]:
    """Ids of the groups that alone give the user something the job is about."""
    request = job.request
    if request.action in (Action.ASSIGN, Action.REMOVE):
        named = {license_.sku_id for license_ in request.licenses}
    else:
        named = set() if request.replaces == "all" else set(request.replaces)
    only_inherited = (held for held in user.licenses if held.sku_id in named and not held.direct)
    return tuple(dict.fromkeys(group_id for held in only_inherited for group_id in held.inherited_from))


def with_group_names(
    services: Services, job: JobRecord, states: Mapping[str, UserState | GraphError]
) -> dict[str, UserState | GraphError]:
    """The readings with the names of such groups, so that a plan can tell where to look."""
    users = [state for state in states.values() if isinstance(state, UserState)]
    names = services.group_names.get({group_id for user in users for group_id in givers(job, user)})
    named = {user.user_id: replace(user, group_names=names) for user in users} if names else {}
    return {user_id: named.get(user_id, state) for user_id, state in states.items()}


def change_request(job: JobRecord) -> ChangeRequest:
    """What to do to each user. Of an assign, remove or replace."""
    request = job.request
    removing = request.action is Action.REMOVE
    return ChangeRequest(
        action=request.action,
        licenses=() if removing else request.licenses,
        remove_sku_ids=tuple(license_.sku_id for license_ in request.licenses) if removing else (),
        replaces=request.replaces,
        usage_location=request.usage_location,
        usage_location_mode=request.usage_location_mode,
        keep_disabled_plans=request.keep_disabled_plans,
        expires_at=job.facts.expires_at,
    )


def plan_item(
    services: Services,
    job: JobRecord,
    item: Item,
    user: UserState | None,
    grants: Mapping[str, Grant],
    catalog: Catalog,
    sources: Sources,
) -> LicensePlan:
    """The plan for one user from a fresh reading; `user` None is a deleted one, in a sweep only."""
    request, now = job.request, services.clock()
    if request.action is Action.EXPIRE:
        cutoff = job.cutoff or job.facts.created_at
        due = [grant for grant in grants.values() if grant.expires_at <= cutoff]
        return plan_expiry(due, user, grants, catalog)
    if user is None:
        raise ValueError("only a sweep plans for a deleted user")
    if request.action is Action.EXPORT:
        return LicensePlan(ItemStatus.UNCHANGED)
    if request.plan_id is not None:
        seen = sources.seen.get(item.user_id)
        if seen is None or seen.before is None:
            return _NOT_PLANNED
        if not same_as_planned(_left(seen.before, item), user):
            return _OUTDATED
    if request.action is Action.UNDO:
        undone = sources.undone[item.user_id]
        return plan_undo(undone, user, grants, catalog, now, _known(sources.undone_action))
    return plan_user(change_request(job), user, grants, catalog, now)


def _left(before: Before, item: Item) -> Before:
    """What the dry run saw, but for the location that an earlier try of this item has set."""
    return replace(before, usage_location=item.location.after) if item.location else before


def _outdated(why: str) -> LicensePlan:
    message = f"{why}, so nothing was done. Make a new dry run for this user's group and carry that out."
    return LicensePlan(ItemStatus.FAILED, reason="PlanOutdated", error=ItemError("PlanOutdated", message))


_OUTDATED = _outdated("The user's licenses or location changed after the plan was made")
_NOT_PLANNED = _outdated("The dry run ended before it looked at this user")


def _known(action: Action | None) -> Action:
    if action is None:
        raise ValueError("the job to undo is not on record")
    return action


def _by_user(chunk: ChunkRecord | None) -> dict[str, Item]:
    return {item.user_id: item for item in chunk.items} if chunk else {}
