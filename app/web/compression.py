"""Compression of pages and JSON.

BREACH does not apply: no page contains both a secret and text that an outsider can choose.
"""

from collections.abc import Iterable
from functools import lru_cache

from isal import isal_zlib
from quart import Response, request
from werkzeug.datastructures import Accept
from werkzeug.http import parse_accept_header

from app.web.turns import in_turns

# A smaller body takes a packet or two either way, as does the fragment that answers a vote.
MIN_BYTES = 2_000
# ISA-L compresses a list's 56 kB of HTML to 10.0 kB in 0.12 ms, where zlib's level 3 takes 0.41 ms for
# 9.5 kB, and its level 5 takes 0.76 ms for 8.8 kB.
LEVEL = 2
COMPRESSED_TYPES = frozenset({"text/html", "application/json", "application/atom+xml", "image/svg+xml"})

WBITS = 16 + isal_zlib.MAX_WBITS  # the format gzip

# A larger body is compressed in turns: results of 10,000 projects take milliseconds.
LARGE_BYTES = 128 * 1024
PIECE_BYTES = 32 * 1024


def gzip(body: bytes) -> bytes:
    """Return the body in gzip format."""
    return isal_zlib.compress(body, LEVEL, WBITS)


async def gzip_in_turns(body: bytes) -> bytes:
    """Return a large body in gzip format."""
    compressor = isal_zlib.compressobj(LEVEL, wbits=WBITS)
    starts = range(0, len(body), PIECE_BYTES)
    blocks = await in_turns(compressor.compress(body[at : at + PIECE_BYTES]) for at in starts)
    return b"".join([*blocks, compressor.flush()])


def accepts_gzip(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Return whether the client takes gzip, by all Accept-Encoding fields of an ASGI request."""
    fields = [value for name, value in headers if name == b"accept-encoding"]
    return bool(fields) and _names_gzip(b",".join(fields))


@lru_cache(200)
def _names_gzip(accepted: bytes) -> bool:
    return parse_accept_header(accepted.decode("latin-1"), Accept).quality("gzip") > 0


async def compress(response: Response) -> Response:
    if response.mimetype not in COMPRESSED_TYPES or "Content-Encoding" in response.headers:
        return response
    response.headers.add("Vary", "Accept-Encoding")
    if not accepts_gzip(request.scope["headers"]):
        return response
    body = await response.get_data(as_text=False)
    if len(body) >= MIN_BYTES:
        response.set_data(gzip(body) if len(body) < LARGE_BYTES else await gzip_in_turns(body))
        response.headers["Content-Encoding"] = "gzip"
    return response
