"""The tenant: what exists, who holds what and through which source, and how many units are taken."""

import random
from collections.abc import Iterable, Iterator

from local.graph.bulk import BulkUsers
from local.graph.model import (
    Assignment,
    DirectoryObject,
    Group,
    Lag,
    Licenses,
    OtherObject,
    Sku,
    User,
    new_guid,
    skus_held,
)


class Tenant:
    """All state of one organisation. Changes go through its methods, which keep the unit counts true."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.id = new_guid(self.rng)
        self.name = "Contoso"
        self.domain = "contoso.com"
        self.default_usage_location = "DE"
        self.country = "DE"
        self.lag = Lag()
        self.skus: dict[str, Sku] = {}
        self.users: dict[str, User] = {}
        self.upns: dict[str, User] = {}
        self.groups: dict[str, Group] = {}
        self.others: dict[str, OtherObject] = {}
        self.bulk = BulkUsers(self.rng, self.domain)

    # -- look-ups

    def find_user(self, key: str) -> User | None:
        """The user with that id or user principal name; letter case does not matter."""
        key = key.lower()
        if "@" in key:
            return self.upns.get(key) or self.bulk.by_name(key)
        return self.users.get(key) or self.bulk.by_id(key)

    def find_object(self, object_id: str) -> DirectoryObject | None:
        return self.groups.get(object_id) or self.others.get(object_id) or self.find_user(object_id)

    def licensed_groups(self) -> list[Group]:
        return [group for group in self.groups.values() if group.assigned]

    def all_users(self) -> Iterator[User]:
        yield from self.users.values()
        for number in self.bulk.existing.numbers_from(0):
            yield self.bulk.user_at(number)

    # -- additions

    def add_sku(self, sku: Sku) -> None:
        known = self.skus.get(sku.sku_id)
        sku.consumed = known.consumed if known else 0
        self.skus[sku.sku_id] = sku

    def add_user(self, user: User) -> None:
        self.users[user.id] = user
        self.upns[user.user_principal_name.lower()] = user
        self._count({}, skus_held(user.licenses))

    def add_bulk(
        self, start: int, stop: int, location: str | None, shares: list[tuple[int, Assignment]]
    ) -> None:
        """Make the users numbered [start, stop) that do not exist; shares are in millionths."""
        for sku_id, units in self.bulk.add(start, stop, location, shares).items():
            if sku_id in self.skus:
                self.skus[sku_id].consumed += units

    def add_members(self, group: Group, ids: Iterable[str], now: float) -> None:
        self._remember_members(group, now)
        for object_id in ids:
            number = self.bulk.number_of(object_id)
            if number is None:
                group.members.ids[object_id] = None
            else:
                group.members.bulk = group.members.bulk.with_range(number, number + 1)

    def add_bulk_members(self, group: Group, start: int, stop: int) -> None:
        group.members.bulk = group.members.bulk.with_range(start, stop)

    # -- changes

    def set_licenses(self, user: User, licenses: Licenses, now: float) -> None:
        """Replace a user's assignments and keep the unit counts."""
        self._count(skus_held(user.licenses), skus_held(licenses))
        self._remember_user(user, now)
        user.licenses = licenses

    def set_location(self, user: User, location: str | None, now: float) -> None:
        self._remember_user(user, now)
        if self.lag.usage_location:
            user.locations = user.locations or []
            user.locations.append((now + self.lag.usage_location, user.usage_location))
        user.usage_location = location

    def keep(self, user: User) -> None:
        """Store a user made in bulk once it differs from its pattern."""
        if user.bulk_index >= 0:
            self.bulk.written[user.bulk_index] = user

    def remove_members(self, group: Group, ids: Iterable[str], now: float) -> None:
        self._remember_members(group, now)
        for object_id in ids:
            group.members.ids.pop(object_id, None)
            number = self.bulk.number_of(object_id)
            if number is not None:
                group.members.bulk = group.members.bulk.without(number)

    def delete_user(self, user: User, now: float) -> None:
        """Delete for good; units return to the pool at once."""
        self._count(skus_held(user.licenses), set())
        for group in self.groups.values():
            if user.id in group.members.ids or user.bulk_index in group.members.bulk:
                self.remove_members(group, [user.id], now)
        if user.bulk_index >= 0:
            self.bulk.remove(user.bulk_index)
        else:
            del self.users[user.id]
            self.upns.pop(user.user_principal_name.lower(), None)

    def delete_group(self, group: Group, now: float) -> None:
        for other in self.groups.values():
            if group.id in other.members.ids:
                self.remove_members(other, [group.id], now)
        del self.groups[group.id]

    # -- inside

    def _count(self, before: Iterable[str], after: Iterable[str]) -> None:
        before, after = set(before), set(after)
        for sku_id in after - before:
            if sku_id in self.skus:
                self.skus[sku_id].consumed += 1
        for sku_id in before - after:
            if sku_id in self.skus:
                self.skus[sku_id].consumed -= 1

    def _remember_user(self, user: User, now: float) -> None:
        if self.lag.read_after_write:
            user.shown = user.shown or []
            user.shown.append((now + self.lag.read_after_write, user.licenses, user.usage_location))
        self.keep(user)

    def _remember_members(self, group: Group, now: float) -> None:
        if self.lag.members:
            group.shown = group.shown or []
            group.shown.append((now + self.lag.members, group.members.copy()))
