"""Reads a request's body as the Functions host does."""

import logging
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

logger = logging.getLogger("host.http")


class BodyTooLargeError(Exception):
    """The body is larger than FUNCTIONS_REQUEST_BODY_SIZE_LIMIT."""


class ClientGoneError(Exception):
    """The client hung up before its request was complete."""


async def read_body(
    headers: Mapping[str, str], receive: Callable[[], Awaitable[MutableMapping[str, Any]]], limit: int
) -> bytes:
    """The whole body; empty unless Content-Length says that there is one.

    A chunked body is read and dropped, as on Azure (azure-functions-host issue 4926). Raises
    BodyTooLargeError above `limit` bytes and ClientGoneError."""
    length = headers.get("content-length", "")
    if length.isdecimal() and int(length) > limit:
        raise BodyTooLargeError
    is_dropped = "transfer-encoding" in headers
    if is_dropped:
        logger.warning("a chunked request body was dropped: the function gets an empty one, as on Azure")
    elif not length.isdecimal() or int(length) == 0:
        return b""
    parts: list[bytes] = []
    size = 0
    while True:
        event = await receive()
        if event["type"] == "http.disconnect":
            raise ClientGoneError
        chunk: bytes = event.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise BodyTooLargeError
        if chunk and not is_dropped:
            parts.append(chunk)
        if not event.get("more_body", False):
            return b"".join(parts)
