"""Bytes into the properties of table entities, within Azure's limits.

Limits: https://learn.microsoft.com/rest/api/storageservices/understanding-the-table-service-data-model
(64 KiB a binary property, 1 MiB an entity, 252 own properties, 4 MiB a transaction). Azurite accepts more, so the
sizes are checked here.
"""

import zlib
from collections.abc import Mapping
from typing import Any

MAX_PROPERTY_BYTES = 64 * 1024
MAX_PARTS_PER_ENTITY = 14
MAX_ENTITY_BYTES = MAX_PARTS_PER_ENTITY * MAX_PROPERTY_BYTES
"""896 KiB of packed data; the rest of the mebibyte is for the other properties."""


class RecordTooLarge(ValueError):
    """A record does not fit Table Storage. Our bounds on requests and chunks keep this from happening."""


def deflate(data: bytes) -> bytes:
    """Ids of SKUs and plans repeat, so JSON of ours shrinks to about a sixth; level 1 costs least time."""
    return zlib.compress(data, 1)


def inflate(data: bytes) -> bytes:
    return zlib.decompress(data)


def split(data: bytes) -> dict[str, bytes]:
    """Properties `d0`, `d1`, … that fit one entity.

    Raises:
        RecordTooLarge: more than an entity holds.
    """
    if len(data) > MAX_ENTITY_BYTES:
        raise RecordTooLarge(f"{len(data)} bytes do not fit an entity of {MAX_ENTITY_BYTES}")
    return {
        f"d{index}": data[start : start + MAX_PROPERTY_BYTES]
        for index, start in enumerate(range(0, len(data), MAX_PROPERTY_BYTES))
    }


def join(entity: Mapping[str, Any]) -> bytes:
    """The data that `split` put into an entity."""
    parts: list[bytes] = []
    while (part := entity.get(f"d{len(parts)}")) is not None:
        parts.append(part)
    return b"".join(parts)
