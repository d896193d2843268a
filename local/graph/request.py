"""One Graph request and its answer, whether it came alone or inside a `$batch`."""

import json
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

from local.graph.faults import Fault
from local.graph.messages import GraphError, Refusal

DEFAULT_PAGE = 100
LARGEST_PAGE = 999


@dataclass(frozen=True, slots=True)
class Query:
    """The OData options of a request; `text` is the query string as sent."""

    text: str = ""
    select: tuple[str, ...] | None = None
    top: int | None = None
    count: bool = False
    filter: str | None = None
    search: str | None = None
    orderby: str | None = None
    expand: bool = False
    skiptoken: str | None = None

    @property
    def page_size(self) -> int:
        return self.top or DEFAULT_PAGE


@lru_cache(maxsize=2048)
def parse_query(text: str) -> Query:
    """Read a query string; raises GraphError for options that Graph refuses everywhere."""
    options = {name.lower(): value for name, value in parse_qsl(text, keep_blank_values=True)}
    if "$skip" in options:
        raise GraphError(Refusal.SKIP_UNSUPPORTED)
    select = tuple(part.strip() for part in options.get("$select", "").split(",") if part.strip())
    return Query(
        text,
        select or None,
        _page_size(options["$top"]) if "$top" in options else None,
        options.get("$count", "").lower() == "true",
        options.get("$filter"),
        options.get("$search"),
        options.get("$orderby"),
        "$expand" in options,
        options.get("$skiptoken"),
    )


def _page_size(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= LARGEST_PAGE:
        raise GraphError(Refusal.BAD_TOP, text)
    return int(text)


@dataclass(slots=True)
class GraphRequest:
    """`path` starts after the version (`/users/{id}`); header names are lower case; `root` ends in the version.

    `content` is the body as bytes of a request that came alone, `parsed` the body of one from a batch.
    """

    method: str
    path: str
    query_text: str
    headers: dict[str, str]
    root: str
    request_id: str
    client_request_id: str
    now: float
    content: bytes = b""
    parsed: Any = None
    in_batch: bool = False
    query: Query = field(default_factory=Query)

    def json(self) -> Any:
        """The body as JSON; raises GraphError when it is none."""
        if self.in_batch:
            return self.parsed
        try:
            return json.loads(self.content)
        except ValueError:
            raise GraphError(Refusal.UNREADABLE_JSON) from None

    @property
    def eventual(self) -> bool:
        """Whether the client accepts eventual consistency, as advanced queries demand."""
        return self.headers.get("consistencylevel", "").lower() == "eventual"


@dataclass(slots=True)
class Answer:
    """`body` is JSON text unless `content_type` says otherwise; `unchanged` marks a write that changed nothing.

    `disruption` is a fault that keeps the answer, or the whole answer it is part of, from arriving in one piece.
    """

    status: int
    body: str | bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str | None = None
    cost: int = 1
    unchanged: bool = False
    disruption: Fault | None = None
