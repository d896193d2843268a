"""From a message on the wire to the value that a queue function gets."""

import base64
import binascii
import json
from datetime import datetime
from typing import Any, cast

from azure.functions.meta import Datum

from local.host.converters import converter


def decode_body(content: str, *, is_base64: bool) -> bytes | None:
    """The body of a message, None if it is not what `messageEncoding` says."""
    if not is_base64:
        return content.encode()
    try:
        return base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError):
        return None


def trigger_value(body: bytes, metadata: dict[str, Datum], *, as_text: bool) -> Any:
    """The QueueMessage (or the text, where the function asks for it) that the worker would pass.

    Raises ValueError where a member of the body spoils the metadata, see `overlay`."""
    text = body.decode("utf-8", errors="replace")
    if as_text:
        return text
    return converter("queueTrigger").decode(Datum(text, "string"), trigger_metadata=overlay(metadata, text))


def queue_metadata(
    *,
    message_id: str,
    pop_receipt: str,
    dequeue_count: int,
    inserted_on: datetime,
    expires_on: datetime,
    next_visible_on: datetime,
) -> dict[str, Datum]:
    """The trigger's metadata under the names that the host gives them."""
    return {
        "Id": Datum(message_id, "string"),
        "PopReceipt": Datum(pop_receipt, "string"),
        "DequeueCount": Datum(dequeue_count, "int"),
        "InsertionTime": Datum(inserted_on.isoformat(), "string"),
        "ExpirationTime": Datum(expires_on.isoformat(), "string"),
        "NextVisibleTime": Datum(next_visible_on.isoformat(), "string"),
    }


def overlay(metadata: dict[str, Datum], text: str) -> dict[str, Datum]:
    """The metadata with the top-level members of a JSON object body written over it, ignoring case.

    A trap of the real host, copied so that an app that steps into it fails here too
    (azure-functions-host, WebJobs.Script/Utility.cs, ApplyBindingData). Nulls and arrays do not count."""
    if not text.lstrip().startswith("{"):
        return metadata
    try:
        members = json.loads(text)
    except ValueError:
        return metadata
    spelled = {name.lower(): name for name in metadata}
    merged = dict(metadata)
    for name, value in cast(dict[str, object], members).items():
        known = spelled.get(name.lower())
        if known is not None and value is not None and not isinstance(value, list):
            merged[known] = _member(value)
    return merged


def _member(value: object) -> Datum:
    if isinstance(value, dict):
        return Datum(json.dumps(value), "json")
    # Scalars arrive as .NET's ToString() of them: True, 5, text as it is.
    return Datum(str(value), "string")
