"""The QR code of an address, as SVG to stand in a page."""

import io
from functools import lru_cache

import segno
from markupsafe import Markup


@lru_cache(20)
def qr_code(address: str) -> Markup:
    """Return the code; its size is left to the style sheet. It has the quiet zone that cameras need."""
    out = io.BytesIO()
    code = segno.make(address, error="m", micro=False)
    code.save(
        out,
        kind="svg",
        xmldecl=False,
        svgns=False,
        omitsize=True,
        border=2,
        svgclass=None,
        lineclass=None,
    )
    return Markup(out.getvalue().decode())  # noqa: S704 (only numbers)
