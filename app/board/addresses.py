"""The addresses of the logo and of the accent's style sheet. Their content never changes."""

import hashlib

from app.board.colours import accent_css


def logo_address(digest: str) -> str:
    return f"/board/logo/{digest}.webp"


def accent_address(accent: str) -> str:
    """Return the address of the style sheet of a colour "#rrggbb"."""
    digest = hashlib.sha256(accent_css(accent).encode()).hexdigest()[:12]
    return f"/board/accent-{accent[1:]}.css?v={digest}"
