"""Compression of pages and JSON. No page mixes a secret with what an outsider may choose (BREACH)."""

import zlib

from quart import Response, request

# Below this it is a packet or two either way, and a vote's fragment is answered without detour.
SMALLEST = 2_000
# Level 3 takes a list's 50 kB of HTML to 4.6 kB in 0.04 ms, level 5 to 4.2 kB in 0.12 ms.
LEVEL = 3
COMPRESSED = frozenset({"text/html", "application/json", "application/atom+xml", "image/svg+xml"})

# A compressor takes 256 kB, and to get those from the system takes longer than to compress a page. So
# one is kept: a full flush lets it forget what it has seen. Format: RFC 1952 around RFC 1951.
_compressor = zlib.compressobj(LEVEL, wbits=-zlib.MAX_WBITS)
_HEAD = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"
_LAST_BLOCK = b"\x03\0"


def gzip(body: bytes) -> bytes:
    """The body in gzip format. Not for threads."""
    blocks = _compressor.compress(body) + _compressor.flush(zlib.Z_FULL_FLUSH)
    check = zlib.crc32(body).to_bytes(4, "little") + (len(body) % 2**32).to_bytes(4, "little")
    return _HEAD + blocks + _LAST_BLOCK + check


async def compress(response: Response) -> Response:
    if response.mimetype not in COMPRESSED or "Content-Encoding" in response.headers:
        return response
    response.headers.add("Vary", "Accept-Encoding")
    if "gzip" not in request.headers.get("Accept-Encoding", ""):
        return response
    body = await response.get_data(as_text=False)
    if len(body) >= SMALLEST:
        response.set_data(gzip(body))
        response.headers["Content-Encoding"] = "gzip"
    return response
