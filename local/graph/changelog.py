"""What the API committed: every licence and location write with the state before and after."""

import json
from typing import Any, NamedTuple

from local.graph.model import Licenses


class Change(NamedTuple):
    """One committed write; `request` is its body as JSON text, licences are direct ones and inherited ones alike."""

    time: float
    user_id: str
    kind: str
    request: str
    before: Licenses
    before_location: str | None
    after: Licenses
    after_location: str | None
    changed: bool
    client_request_id: str
    request_id: str


class ChangeLog:
    """Changes in order; `seq` counts from 1."""

    def __init__(self) -> None:
        self._changes: list[Change] = []

    def add(self, change: Change) -> None:
        self._changes.append(change)

    def since(self, seq: int, limit: int | None = None) -> dict[str, Any]:
        """The changes after `seq` and the number of the last one of all."""
        stop = len(self._changes) if limit is None else min(seq + limit, len(self._changes))
        return {
            "changes": [_render(number + 1, self._changes[number]) for number in range(max(seq, 0), stop)],
            "last": len(self._changes),
        }


def _render(seq: int, change: Change) -> dict[str, Any]:
    return {
        "seq": seq,
        "time": change.time,
        "userId": change.user_id,
        "kind": change.kind,
        "request": json.loads(change.request),
        "before": {"licenses": _direct(change.before), "usageLocation": change.before_location},
        "after": {"licenses": _direct(change.after), "usageLocation": change.after_location},
        "changed": change.changed,
        "clientRequestId": change.client_request_id,
        "requestId": change.request_id,
    }


def _direct(licenses: Licenses) -> dict[str, list[str]]:
    return {item.sku_id: list(item.disabled) for item in licenses if item.group_id is None}
