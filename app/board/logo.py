"""The board's logo: a picture that somebody uploads, decoded within bounds and written anew.

What is served is only what Pillow has drawn: no metadata, nothing behind the end of the picture, and
never a document that a browser could run.
"""

import asyncio
import hashlib
import io
import warnings

from PIL import Image, ImageOps, UnidentifiedImageError

MAX_BYTES = 1024 * 1024
MAX_SIDE = 4_000  # px: three copies of 64 MB at most while it is decoded
SIDE = 640  # px, of what is stored; it is shown at 28 px, and larger on share cards
FORMATS = ("PNG", "JPEG", "WEBP")
TYPE = "image/webp"

EXPECTED = "Upload a PNG, JPEG or WebP picture of at most 1 MB and 4,000 pixels a side."

# One picture at a time in each process.
_one_at_a_time = asyncio.Semaphore(1)


class BadPicture(Exception):
    """What was uploaded is no picture that the board accepts; the message says why."""


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
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=FORMATS) as picture:
                return _drawn(picture)
    except BadPicture:
        raise
    except UnidentifiedImageError:
        raise BadPicture(f"This file is no picture of these kinds. {EXPECTED}") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise BadPicture(f"This picture is too large. {EXPECTED}") from None
    except Exception:  # Pillow raises many kinds for a broken file
        raise BadPicture(f"This picture is damaged and cannot be read. {EXPECTED}") from None


def _drawn(picture: Image.Image) -> bytes:
    width, height = picture.size  # from the head of the file: nothing is decoded yet
    if max(width, height) > MAX_SIDE:
        raise BadPicture(f"This picture has {width:,} by {height:,} pixels. {EXPECTED}")
    if getattr(picture, "is_animated", False):
        raise BadPicture(f"This picture moves. Upload one that does not. {EXPECTED}")
    upright = ImageOps.exif_transpose(picture)
    flat = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
    flat.thumbnail((SIDE, SIDE))
    clean = Image.new(flat.mode, flat.size)
    clean.paste(flat)
    written = io.BytesIO()
    clean.save(written, "WEBP", quality=92, method=4)
    return written.getvalue()
