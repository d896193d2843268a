"""Query parameters: which a route knows, and what they may hold."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from shared.api import cursor
from shared.api.faults import clipped, fault
from shared.api.fields import is_guid, parse_moment
from shared.clock import to_iso
from shared.errors import Fault

DEFAULT_PAGE_SIZE = 100
MAX_PAGE_SIZE = 999
MAX_SEARCH = 200
MAX_CURSOR = 3_000  # of the 4,096 characters that a URL may have on Azure

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")  # the category Cc; blanks and joiners of any script are text

ALWAYS_KNOWN = frozenset({"code", "t"})
"""The host's function key and the wait URL's token: every route may be called with them."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A query parameter. `read` returns the value as understood or raises ValueError with a sentence."""

    name: str
    description: str
    read: Callable[[str], str]
    schema: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Query:
    """The query of a request as understood. `given` holds only what was sent, ids in lower case, times in
    UTC.
    """

    given: Mapping[str, str] = field(default_factory=dict)

    def get(self, name: str) -> str | None:
        return self.given.get(name)

    def flag(self, name: str) -> bool:
        return self.given.get(name) == "true"

    @property
    def page_size(self) -> int:
        return int(self.given.get("pageSize", DEFAULT_PAGE_SIZE))

    @property
    def cursor(self) -> str | None:
        return self.given.get(cursor.PARAMETER)


def read_query(params: Mapping[str, str], known: Iterable[Parameter]) -> tuple[Query, tuple[Fault, ...]]:
    """What is right in a query, and a fault for each parameter that is not.

    The host joins a repeated parameter with commas and drops one without a value.
    """
    by_name = {parameter.name: parameter for parameter in known}
    given: dict[str, str] = {}
    faults = []
    for name, value in params.items():
        if name in by_name:
            try:
                given[name] = by_name[name].read(value)
            except ValueError as error:
                faults.append(fault(str(error), name))
        elif name not in ALWAYS_KNOWN:
            faults.append(fault("There is no such query parameter here. Remove it.", clipped(name)))
    return Query(given), tuple(faults)


def choice(name: str, description: str, values: Iterable[str]) -> Parameter:
    allowed = tuple(str(value) for value in values)

    def read(text: str) -> str:
        if text not in allowed:
            raise ValueError(f"This must be one of {', '.join(allowed)}.")
        return text

    return Parameter(name, description, read, {"type": "string", "enum": list(allowed)})


def choice_of(name: str, description: str, values: type[StrEnum]) -> Parameter:
    return choice(name, description, (member.value for member in values))


def guid(name: str, description: str) -> Parameter:
    def read(text: str) -> str:
        if not is_guid(text):
            raise ValueError("This must be an ID such as 6fd2c87f-b296-42f0-b197-1e91e994b900.")
        return text.lower()

    return Parameter(name, description, read, {"type": "string", "format": "uuid"})


def moment(name: str, description: str) -> Parameter:
    def read(text: str) -> str:
        return to_iso(parse_moment(text))

    return Parameter(name, description, read, {"type": "string", "format": "date-time"})


def text(name: str, description: str, longest: int = MAX_SEARCH) -> Parameter:
    def read(value: str) -> str:
        if len(value) > longest:
            raise ValueError(f"This is too long. Use at most {longest} characters.")
        if _CONTROL.search(value):
            raise ValueError("This holds control characters. Remove them.")
        return value.strip()

    return Parameter(name, description, read, {"type": "string", "maxLength": longest})


def _read_page_size(value: str) -> str:
    if not re.fullmatch(r"[0-9]{1,3}", value) or int(value) == 0:
        raise ValueError(f"This must be a whole number from 1 to {MAX_PAGE_SIZE}.")
    return value


def _read_cursor(value: str) -> str:
    if len(value) > MAX_CURSOR:
        raise ValueError("This is no cursor of this list. Follow nextLink as it is, or start anew.")
    return value


PAGE_SIZE = Parameter(
    "pageSize",
    f"How many to return at most; {DEFAULT_PAGE_SIZE} if left out.",
    _read_page_size,
    {"type": "integer", "minimum": 1, "maximum": MAX_PAGE_SIZE, "default": DEFAULT_PAGE_SIZE},
)
CURSOR = Parameter(
    cursor.PARAMETER,
    "Where the list goes on: part of nextLink, opaque.",
    _read_cursor,
    {"type": "string", "maxLength": MAX_CURSOR},
)
PAGING = (PAGE_SIZE, CURSOR)
FAIL_ON_ERROR = choice(
    "failOnError", "`true`: the wait URL answers 422 if the job does not end Finished.", ("true", "false")
)
