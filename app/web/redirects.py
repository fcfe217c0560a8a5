"""Redirects stay on this site."""

from urllib.parse import urlsplit

from quart import request


def own_path(target: str | None, default: str = "/") -> str:
    """The target if it is a path of this site, else the default: no open redirects.

    Browsers read a backslash as a slash and drop control characters, so both are refused.
    """
    if not target or not target.startswith("/") or target.startswith("//"):
        return default
    if "\\" in target or any(ord(character) < 0x20 for character in target):
        return default
    return target


def page_of_visitor(default: str) -> str:
    """The path of the page that the visitor is on, from HX-Current-URL or Referer."""
    address = request.headers.get("HX-Current-URL") or request.headers.get("Referer")
    if not address:
        return default
    parts = urlsplit(address)
    if parts.netloc != request.host:
        return default
    return own_path(parts.path + (f"?{parts.query}" if parts.query else ""), default)
