"""Covers, made up from the name of the picture: the same one is always the same, no two are alike."""

import zlib
from hashlib import sha256

from gateway.model import photo_id
from gateway.sandbox.http import Request, Response

_WIDTH, _HEIGHT = 60, 84
TEAPOT = Response(418, b"I'm a teapot\n", content_type="image/jpeg")
"""What other people's sites get, and who asks too much."""


def picture(request: Request) -> Response:
    """A picture, for Douban's own pages; other sites, and who says nothing of where they come from, get 418."""
    if ".douban.com/" not in request.headers.get("referer", ""):
        return TEAPOT
    return Response(200, cover(photo_id(request.path)), content_type="image/png")


def cover(photo: str) -> bytes:
    """A PNG: one colour that runs into another."""
    seed = sha256(photo.encode()).digest()
    top, bottom = seed[:3], seed[3:6]
    rows = b"".join(
        b"\0"
        + bytes((a * (_HEIGHT - y) + b * y) // _HEIGHT for a, b in zip(top, bottom, strict=True)) * _WIDTH
        for y in range(_HEIGHT)
    )
    size = _WIDTH.to_bytes(4, "big") + _HEIGHT.to_bytes(4, "big") + b"\x08\x02\0\0\0"
    parts = (
        (b"IHDR", size),
        (b"tEXt", b"photo\0" + seed[:8].hex().encode()),
        (b"IDAT", zlib.compress(rows)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(map(_chunk, *zip(*parts, strict=True)))


def _chunk(kind: bytes, content: bytes) -> bytes:
    return len(content).to_bytes(4, "big") + kind + content + zlib.crc32(kind + content).to_bytes(4, "big")
