"""Users made by the hundred thousand: each follows from its number and is built when somebody asks for it.

Only users that were written to are stored. Ids are an invertible scramble of the number, so finding a user by id
needs no index either.
"""

import json
import random
import re
from bisect import bisect_right
from dataclasses import dataclass, field
from pathlib import Path

from local.graph.intervals import Intervals
from local.graph.model import Assignment, Licenses, Profile, User

MILLION = 1_000_000
_BITS = 120
_MASK = (1 << _BITS) - 1
_NAME = re.compile(r"\.(\d+)@")

_NAMES = json.loads(Path(__file__).with_name("names.json").read_text("utf-8"))
GIVEN_NAMES: list[str] = _NAMES["given"]
SURNAMES: list[str] = _NAMES["surnames"]


@dataclass(slots=True)
class Extent:
    """Users [start, stop) that share a location and hold licences in fixed shares, spread evenly."""

    start: int
    stop: int
    location: str | None
    shares: list[tuple[int, Assignment]]
    combinations: dict[int, Licenses] = field(default_factory=dict)

    def licenses_of(self, number: int) -> Licenses:
        place = number - self.start
        mask = 0
        for bit, (share, _) in enumerate(self.shares):
            if (place + 1) * share // MILLION > place * share // MILLION:
                mask |= 1 << bit
        found = self.combinations.get(mask)
        if found is None:
            found = tuple(item for bit, (_, item) in enumerate(self.shares) if mask >> bit & 1)
            self.combinations[mask] = found
        return found


class BulkUsers:
    """The users of a tenant that follow from their numbers."""

    def __init__(self, rng: random.Random, domain: str) -> None:
        self._factor = rng.getrandbits(_BITS) | 1
        self._offset = rng.getrandbits(_BITS)
        self._inverse = pow(self._factor, -1, 1 << _BITS)
        self._domain = domain
        self._extents: list[Extent] = []
        self._starts: list[int] = []
        self.existing = Intervals()
        self.written: dict[int, User] = {}

    def add(
        self, start: int, stop: int, location: str | None, shares: list[tuple[int, Assignment]]
    ) -> dict[str, int]:
        """Make those of [start, stop) that do not exist; answers the units taken per skuId."""
        units: dict[str, int] = {}
        for first, last in self.existing.missing_in(start, stop):
            self._extents.append(Extent(first, last, location, shares))
            for share, assignment in shares:
                units[assignment.sku_id] = units.get(assignment.sku_id, 0) + (last - first) * share // MILLION
        self._extents.sort(key=lambda extent: extent.start)
        self._starts = [extent.start for extent in self._extents]
        self.existing = self.existing.with_range(start, stop)
        return units

    def next_free(self) -> int:
        """The number after the last user ever made."""
        return max((extent.stop for extent in self._extents), default=0)

    def remove(self, number: int) -> None:
        self.existing = self.existing.without(number)
        self.written.pop(number, None)

    def id_of(self, number: int) -> str:
        digits = f"{(number * self._factor + self._offset) & _MASK:030x}"
        return f"{digits[:8]}-{digits[8:12]}-4{digits[12:15]}-9{digits[15:18]}-{digits[18:]}"

    def number_of(self, user_id: str) -> int | None:
        """The number of the existing user with that id, None when it is no user made in bulk."""
        if not self.existing or len(user_id) != 36 or user_id[14] != "4" or user_id[19] != "9":
            return None
        try:
            scrambled = int(user_id[:8] + user_id[9:13] + user_id[15:18] + user_id[20:23] + user_id[24:], 16)
        except ValueError:
            return None
        number = ((scrambled - self._offset) * self._inverse) & _MASK
        return number if number in self.existing else None

    def by_id(self, user_id: str) -> User | None:
        number = self.number_of(user_id)
        return None if number is None else self.user_at(number)

    def by_name(self, user_principal_name: str) -> User | None:
        match = _NAME.search(user_principal_name)
        if not match or int(match[1]) not in self.existing:
            return None
        user = self.user_at(int(match[1]))
        return user if user.user_principal_name == user_principal_name else None

    def user_at(self, number: int) -> User:
        """The user with that number, which must exist: the stored one, else one built on the spot."""
        stored = self.written.get(number)
        if stored is not None:
            return stored
        extent = self._extents[bisect_right(self._starts, number) - 1]
        given = GIVEN_NAMES[number % len(GIVEN_NAMES)]
        surname = SURNAMES[number // len(GIVEN_NAMES) % len(SURNAMES)]
        return User(
            self.id_of(number),
            f"{given} {surname} {number}",
            f"{given}.{surname}.{number}@{self._domain}".lower(),
            extent.location,
            extent.licenses_of(number),
            profile=Profile(given, surname, None, None, None),
            bulk_index=number,
        )

    def possible_holders(self, sku_id: str) -> Intervals:
        """The users that are worth a look when holders of a SKU are sought."""
        ranges = [
            (extent.start, extent.stop)
            for extent in self._extents
            if any(item.sku_id == sku_id for _, item in extent.shares)
        ]
        return Intervals([*ranges, *((number, number + 1) for number in self.written)])
