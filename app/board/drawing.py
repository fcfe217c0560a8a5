"""Draws an uploaded picture anew with Pillow, within bounds."""

import io
import warnings

from PIL import Image, ImageOps, UnidentifiedImageError

from app.board.bad_picture import EXPECTED, BadPicture

MAX_SIDE = 4_000  # px: three copies of 64 MB at most while it is decoded
SIDE = 640  # px, of what is stored; it is shown at 28 px, and larger on share cards
FORMATS = ("PNG", "JPEG", "WEBP")


def redraw(content: bytes) -> bytes:
    """Return the picture as a WebP of its own. Raises BadPicture."""
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
