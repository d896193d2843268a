"""What two jobs over one user may come to: what one of their two orders explains, and nothing else.

A model of the actions that is small enough to be seen right: one user, direct licences only, everybody has a location.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]
Held = frozenset[str]


@dataclass(frozen=True)
class Outcome:
    """What an item tells of its job."""

    added: Held
    removed: Held

    @classmethod
    def of(cls, item: Json) -> Outcome:
        return cls(_ids(item["added"]), _ids(item["removed"]))


def apply(body: Json, held: Held) -> tuple[Held, Outcome]:
    """What the job with this body does to a user who holds these."""
    named = _ids(body["licenses"])
    if body["action"] == "assign":
        outcome = Outcome(named - held, frozenset())
    elif body["action"] == "remove":
        outcome = Outcome(frozenset(), named & held)
    else:
        replaced = (held if body["replaces"] == "all" else frozenset(body["replaces"]) & held) - named
        outcome = Outcome(named - held, replaced) if replaced else Outcome(frozenset(), frozenset())
    return (held | outcome.added) - outcome.removed, outcome


def possible(first: Json, second: Json, held: Held) -> Iterator[tuple[Held, Outcome, Outcome]]:
    """The end, and what the items of `first` and `second` tell, for either order."""
    after_first, one = apply(first, held)
    end, two = apply(second, after_first)
    yield end, one, two
    after_second, two = apply(second, held)
    end, one = apply(first, after_second)
    yield end, one, two


def _ids(entries: list[Json]) -> Held:
    return frozenset(entry["skuId"] for entry in entries)
