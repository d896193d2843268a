"""Listings in pages. A page token stands for a place in a listing as it was when its first page was read."""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from local.graph.filters import Predicate
from local.graph.intervals import Intervals
from local.graph.messages import GraphError, Refusal
from local.graph.model import DirectoryObject, User, new_guid
from local.graph.state import Tenant

_TOKENS_KEPT = 20_000


@dataclass(slots=True)
class Listing:
    """Objects by id, then users made in bulk; `users_only` leaves out the others, as a cast does."""

    ids: list[str]
    bulk: Intervals
    users_only: bool = False
    predicate: Predicate | None = None

    def count(self, tenant: Tenant) -> int:
        """How many objects it holds."""
        if self.predicate is None:
            return sum(1 for _ in self._by_id(tenant, 0)) + len(self.bulk)
        return sum(1 for _ in self.walk(tenant, Place(0, 0)))

    def walk(self, tenant: Tenant, place: "Place") -> Iterator[tuple["Place", DirectoryObject]]:
        """The objects from a place on, each with the place after it."""
        for number, item in self._by_id(tenant, place.listed):
            if self.predicate is None or self.predicate(item):
                yield Place(number + 1, 0), item
        for number in self.bulk.numbers_from(place.number):
            if number in tenant.bulk.existing:
                item = tenant.bulk.user_at(number)
                if self.predicate is None or self.predicate(item):
                    yield Place(len(self.ids), number + 1), item

    def _by_id(self, tenant: Tenant, first: int) -> Iterator[tuple[int, DirectoryObject]]:
        for number in range(first, len(self.ids)):
            item = tenant.find_object(self.ids[number])
            if item is not None and (not self.users_only or isinstance(item, User)):
                yield number, item


class Place(NamedTuple):
    """How far a reader is: ids passed, and the next bulk number."""

    listed: int
    number: int


class Page(NamedTuple):
    """The items of one page and the token of the next, None on the last."""

    items: list[DirectoryObject]
    token: str | None


class PageTokens:
    """Hands out the tokens of nextLinks; old ones expire."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant
        self._places: OrderedDict[str, tuple[Listing, Place]] = OrderedDict()

    def first(self, listing: Listing, size: int) -> Page:
        return self._read(listing, Place(0, 0), size)

    def next(self, token: str, size: int) -> Page:
        """The page of a token; raises GraphError for one that expired."""
        if token not in self._places:
            raise GraphError(Refusal.PAGE_TOKEN_EXPIRED)
        listing, place = self._places[token]
        return self._read(listing, place, size)

    def expire_all(self) -> None:
        self._places.clear()

    def _read(self, listing: Listing, place: Place, size: int) -> Page:
        items: list[DirectoryObject] = []
        for after, item in listing.walk(self._tenant, place):
            if len(items) == size:
                return Page(items, self._token(listing, place))
            items.append(item)
            place = after
        return Page(items, None)

    def _token(self, listing: Listing, place: Place) -> str:
        token = new_guid(self._tenant.rng).replace("-", "")
        self._places[token] = (listing, place)
        if len(self._places) > _TOKENS_KEPT:
            self._places.popitem(last=False)
        return token
