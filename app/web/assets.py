"""Addresses of static files carry a digest of their content, so they can be kept for ever."""

import hashlib
from functools import cache
from importlib.resources import files

STATIC = files("app").joinpath("static")


@cache
def asset(path: str) -> str:
    """The address of a file under app/static."""
    digest = hashlib.sha256(STATIC.joinpath(path).read_bytes()).hexdigest()[:12]
    return f"/static/{path}?v={digest}"
