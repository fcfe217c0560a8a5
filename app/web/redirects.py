"""Redirects stay on this site."""

from urllib.parse import quote, urlsplit

from quart import request

# What may stand in an address as it is; the rest is written as %xx.
PLAIN = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in '"<>`{}|^')


def own_path(target: str | None, default: str = "/") -> str:
    """The target if it is a path of this site, else the default: no open redirects.

    Browsers read a backslash as a slash and drop control characters, so both are refused.
    """
    if not target or not target.startswith("/") or target.startswith("//"):
        return default
    if "\\" in target or any(ord(character) < 0x20 for character in target):
        return default
    return quote(target, safe=PLAIN)


def page_of_visitor(default: str) -> str:
    """The path of the page that the visitor came from, by the Referer header."""
    try:
        parts = urlsplit(request.headers.get("Referer", ""))
    except ValueError:
        return default
    if parts.netloc != request.host:
        return default
    return own_path(parts.path + (f"?{parts.query}" if parts.query else ""), default)
