"""Group-based licensing: what a group's licences do to its direct user members, a little after they were set.

Nested groups are not honoured, as in the real service; the engine works on first-level members only.
"""

from collections.abc import Iterable, Iterator

from local.graph.clock import timestamp
from local.graph.model import Group, User
from local.graph.rules import inherit
from local.graph.simulator import Simulator
from local.graph.state import Tenant

PROCESSING_SECONDS = 0.5


def groups_of(tenant: Tenant, user: User) -> list[Group]:
    """The groups that hold the user directly and carry licences that have been worked out."""
    return [
        group
        for group in tenant.licensed_groups()
        if group.processing_since is None
        and (user.id in group.members.ids or user.bulk_index in group.members.bulk)
    ]


def start_processing(sim: Simulator, group: Group, now: float) -> None:
    """Let the members follow the group's licences after PROCESSING_SECONDS."""
    group.processing_since = now
    sim.processing[group.id] = now + PROCESSING_SECONDS


def process_due(sim: Simulator, now: float) -> None:
    """Carry out what is due; called before each request."""
    for group_id in [key for key, due in sim.processing.items() if due <= now]:
        del sim.processing[group_id]
        group = sim.tenant.groups.get(group_id)
        if group is not None:
            group.processing_since = None
            apply_to_users(sim.tenant, members_and_holders(sim.tenant, group), now)


def members_and_holders(tenant: Tenant, group: Group) -> list[User]:
    """Direct user members, and former ones that still hold licences from the group."""
    found = {user.id: user for user in _direct_users(tenant, group)}
    stored = [*tenant.users.values(), *tenant.bulk.written.values()]
    for user in stored:
        if any(item.group_id == group.id for item in user.licenses):
            found.setdefault(user.id, user)
    return list(found.values())


def _direct_users(tenant: Tenant, group: Group) -> Iterator[User]:
    for member_id in group.members.ids:
        user = tenant.find_user(member_id)
        if user is not None:
            yield user
    for number in group.members.bulk.numbers_from(0):
        yield tenant.bulk.user_at(number)


def apply_to_users(tenant: Tenant, users: Iterable[User], now: float) -> None:
    """Work out the inherited licences of these users."""
    for user in users:
        after = inherit(tenant, user, groups_of(tenant, user), timestamp(now))
        if after != user.licenses:
            tenant.set_licenses(user, after, now)
