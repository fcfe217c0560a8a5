"""The board's logo: a picture that somebody uploads, decoded within bounds and written anew.

What is served is only what Pillow has drawn: no metadata, nothing behind the end of the picture, and
never a document that a browser could run.
"""

import asyncio
import hashlib

from app.board.bad_picture import EXPECTED, BadPicture

MAX_BYTES = 1024 * 1024
TYPE = "image/webp"

# One picture at a time in each process.
_one_at_a_time = asyncio.Semaphore(1)


async def read_picture(content: bytes) -> bytes:
    """Return the picture as a WebP of its own, in a thread. Raises BadPicture."""
    if not content:
        raise BadPicture(f"Choose a picture first. {EXPECTED}")
    if len(content) > MAX_BYTES:
        raise BadPicture(f"This file is larger than 1 MB. {EXPECTED}")
    async with _one_at_a_time:
        return await asyncio.to_thread(_redraw, content)


def digest_of(picture: bytes) -> str:
    return hashlib.sha256(picture).hexdigest()[:32]


def _redraw(content: bytes) -> bytes:
    from app.board.drawing import redraw  # here: few processes draw, and all would load Pillow

    return redraw(content)
