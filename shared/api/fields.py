"""The kinds of value that requests hold, each with its check and its JSON schema."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from shared.api.faults import CUSTOM, clipped
from shared.catalog import locations
from shared.clock import from_iso

MAX_NOTE = 1_000
MAX_KEY = 255
MAX_URL = 2_048

_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_PRINTABLE = re.compile(r"[\x20-\x7e]{1,255}")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_LAST_MOMENT = datetime(2100, 1, 1, tzinfo=UTC)


def refusal(message: str) -> PydanticCustomError:
    """The error of a check of ours; pydantic would take curly brackets in the message for its own fields."""
    return PydanticCustomError(CUSTOM, "{message}", {"message": message})


def is_guid(text: str) -> bool:
    """Eight, four, four, four and twelve hexadecimal digits with hyphens, in any case; no other spelling."""
    return _GUID.fullmatch(text) is not None


def is_key(text: str) -> bool:
    """What an idempotency key may be: 1 to 255 printable ASCII characters."""
    return _PRINTABLE.fullmatch(text) is not None


def parse_moment(text: str) -> datetime:
    """A time with a zone, before 2100, as aware UTC.

    Raises:
        ValueError: with a message for the caller.
    """
    try:
        moment = from_iso(text)
    except (ValueError, OverflowError):
        raise ValueError("This must be a time with its zone, such as 2026-11-24T08:00:00Z.") from None
    if moment >= _LAST_MOMENT:
        raise ValueError("This must be a time before the year 2100.")
    return moment


def _guid(text: str) -> str:
    if not is_guid(text):
        raise refusal("This must be an ID such as 6fd2c87f-b296-42f0-b197-1e91e994b900.")
    return text.lower()


def _moment(value: object) -> datetime:
    if not isinstance(value, str):
        raise refusal("This must be a time in quotes, such as 2026-11-24T08:00:00Z.")
    try:
        return parse_moment(value)
    except ValueError as error:
        raise refusal(str(error)) from None


def _key(text: str) -> str:
    if not is_key(text):
        raise refusal(f"This must be 1 to {MAX_KEY} printable ASCII characters.")
    return text


def _note(text: str) -> str:
    if _CONTROL.search(text):
        raise refusal("This holds control characters. Only line breaks and tabs may stand in it.")
    return text


def _location(code: str) -> str:
    known = locations()
    if code in known:
        return code
    if code.upper() in known:
        raise refusal(f"Write the country code in capitals: {code.upper()}.")
    raise refusal(f"{clipped(code)!r} is no country code of GET /api/locations, such as DE or US.")


Guid = Annotated[str, AfterValidator(_guid), WithJsonSchema({"type": "string", "format": "uuid"})]
"""A GUID in any case, kept in lower case."""

Moment = Annotated[
    datetime, BeforeValidator(_moment), WithJsonSchema({"type": "string", "format": "date-time"})
]
"""An aware UTC datetime."""

Key = Annotated[
    str,
    AfterValidator(_key),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": MAX_KEY, "pattern": "^[ -~]+$"}),
]
Note = Annotated[str, Field(max_length=MAX_NOTE), AfterValidator(_note)]
CountryCode = Annotated[
    str, AfterValidator(_location), WithJsonSchema({"type": "string", "pattern": "^[A-Z]{2}$"})
]
"""A code of GET /locations."""


def counted(low: int, high: int) -> Any:
    """The bounds of a list, for its schema; `rules.py` checks them, on the list as it was sent."""
    return Field(json_schema_extra={"minItems": low, "maxItems": high})
