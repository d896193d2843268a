"""Bytes into the properties of table entities, within Azure's limits.

Limits: https://learn.microsoft.com/rest/api/storageservices/understanding-the-table-service-data-model
(64 KiB a binary property, 1 MiB an entity, 252 own properties, 4 MiB a transaction). Azurite accepts more, so the
sizes are checked here.
"""

import re
import zlib
from collections.abc import Mapping
from typing import Any

MAX_PROPERTY_BYTES = 64 * 1024
MAX_PARTS_PER_ENTITY = 10
MAX_ENTITY_BYTES = MAX_PARTS_PER_ENTITY * MAX_PROPERTY_BYTES
"""640 KiB of packed data: less than a mebibyte in base64 too, which is what Azurite measures."""


INTERNED_FROM = 512 * 1024
_INTERNED = b"G"  # no zlib stream begins with it
_GUID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_GUID_LENGTH = 36
_PLACE = re.compile(rb"\x01([0-9a-f]+)\x02")  # JSON holds no control characters of its own


class RecordTooLarge(ValueError):
    """A record does not fit Table Storage. Our bounds on requests and chunks keep this from happening."""


def deflate(data: bytes) -> bytes:
    """JSON of ours, packed. Ids of SKUs and plans repeat, so it shrinks to about a sixth; level 1 costs least time.

    The ids of a long record repeat farther apart than zlib looks back (32 KiB), so there each is written once.
    """
    if len(data) < INTERNED_FROM:
        return zlib.compress(data, 1)
    ids = {guid: b"\x01%x\x02" % number for number, guid in enumerate(dict.fromkeys(_GUID.findall(data)))}
    body = _GUID.sub(lambda found: ids[found[0]], data)
    return _INTERNED + zlib.compress(b"".join(ids) + b"\n" + body, 6)


def inflate(data: bytes) -> bytes:
    if not data.startswith(_INTERNED):
        return zlib.decompress(data)
    table, _, body = zlib.decompress(data[len(_INTERNED) :]).partition(b"\n")
    ids = [table[start : start + _GUID_LENGTH] for start in range(0, len(table), _GUID_LENGTH)]
    return _PLACE.sub(lambda found: ids[int(found[1], 16)], body)


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
