"""Opaque cursors: where a list goes on.

A cursor is base64url of compact JSON `{"v": 1, "at": <state>, "sum": <checksum>}`. The checksum, over list and
state, tells a cursor that was cut, edited or of another list from one that we gave out; it is no protection, so
whoever uses the state must treat it as any other value from outside, as `text` does. It travels as the query
parameter `cursor` of `nextLink`.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from shared.api.faults import fault, invalid
from shared.errors import InvalidRequest

PARAMETER = "cursor"
_VERSION = 1


def encode(list_name: str, state: dict[str, Any]) -> str:
    """The cursor for the next page of a list; `state` is JSON and holds no secret."""
    document = {"v": _VERSION, "at": state, "sum": _checksum(list_name, state)}
    return base64.urlsafe_b64encode(_compact(document)).rstrip(b"=").decode("ascii")


def decode(list_name: str, cursor: str) -> dict[str, Any]:
    """The state that `encode` was given for this list.

    Raises:
        InvalidRequest: with target `cursor`; not one of ours, of another list, or of another version.
    """
    document = _document(cursor)
    state = document.get("at")
    if (
        document.get("v") != _VERSION
        or not isinstance(state, dict)
        or document.get("sum") != _checksum(list_name, state)
    ):
        raise _refusal()
    return state


def text(state: Mapping[str, Any] | None, name: str) -> str | None:
    """A text of the state that `decode` gave, None where there is none, as on the first page.

    Raises:
        InvalidRequest: with target `cursor`; it is something else than a text.
    """
    value = (state or {}).get(name)
    if value is not None and not isinstance(value, str):
        raise _refusal()
    return value


def no_such_page() -> InvalidRequest:
    """The error for a cursor whose page cannot be read any more, or never could."""
    return invalid((fault("This page is no longer to be had. Begin at the first page.", PARAMETER),))


def _document(cursor: str) -> dict[str, Any]:
    try:
        decoded = base64.b64decode(
            cursor.encode("ascii") + b"=" * (-len(cursor) % 4), altchars=b"-_", validate=True
        )
        document = json.loads(decoded)
        json.dumps(document, ensure_ascii=False).encode()  # half a surrogate pair is no text
    except (binascii.Error, ValueError, RecursionError):
        raise _refusal() from None
    if not isinstance(document, dict):
        raise _refusal()
    return document


def _refusal() -> InvalidRequest:
    return invalid(
        (fault("This is no cursor of this list. Follow nextLink as it is, or start anew.", PARAMETER),)
    )


def _checksum(list_name: str, state: dict[str, Any]) -> str:
    return hashlib.sha256(_compact([list_name, state])).hexdigest()[:16]


def _compact(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
