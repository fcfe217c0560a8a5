"""Redirect targets that never leave this site."""

from urllib.parse import quote, urlsplit

from quart import request

# Characters that need no escaping in an address; all others are written as %xx.
PLAIN = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in '"<>`{}|^')


def local_path(target: str | None, default: str = "/") -> str:
    """Return the target if it is a path of this site, else the default: this prevents open redirects.

    A target with a backslash or a control character is refused, because browsers read a backslash as a
    slash and drop control characters.
    """
    if not target or not target.startswith("/") or target.startswith("//"):
        return default
    if "\\" in target or any(ord(character) < 0x20 for character in target):
        return default
    return quote(target, safe=PLAIN)


def referring_page(default: str) -> str:
    """Return the path that the Referer header names, or `default` if it is not on this site."""
    try:
        parts = urlsplit(request.headers.get("Referer", ""))
    except ValueError:
        return default
    if parts.netloc != request.host:
        return default
    return local_path(parts.path + (f"?{parts.query}" if parts.query else ""), default)
