"""The connector's icon: a licence card with its line of names, drawn as pixels."""

import struct
import zlib

from connector.properties import BRAND_COLOR

SIZE = 230
"""Pixels on each side, as the rules for connectors ask; the drawing takes about 160 of them."""
_WHITE = (255, 255, 255)
_CARD = (35, 60, 195, 170)
_MARKS = ((55, 80, 100, 125), (115, 85, 175, 97), (115, 108, 160, 118), (55, 140, 175, 150))


def png() -> bytes:
    """An opaque PNG on the brand colour, the same at each build."""
    brand = tuple(int(BRAND_COLOR[at : at + 2], 16) for at in (1, 3, 5))
    rows = b"".join(
        b"\x00" + b"".join(bytes(_pixel(x, y, (brand[0], brand[1], brand[2]))) for x in range(SIZE))
        for y in range(SIZE)
    )
    header = struct.pack(">IIBBBBB", SIZE, SIZE, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in parts)


def _pixel(x: int, y: int, brand: tuple[int, int, int]) -> tuple[int, int, int]:
    on_card = _inside(x, y, _CARD) and not any(_inside(x, y, mark) for mark in _MARKS)
    return _WHITE if on_card else brand


def _inside(x: int, y: int, box: tuple[int, int, int, int]) -> bool:
    left, top, right, bottom = box
    return left <= x < right and top <= y < bottom


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
