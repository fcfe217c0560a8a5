"""The public address of the board, for links that leave it: feeds, share cards, code for embedding."""

from urllib.parse import urlsplit

from quart import request

from app.services import services


def public_address() -> str:
    """Return BASE_URL, or else the scheme and Host of this request; without a slash at its end."""
    return services().settings.base_url or request.host_url.rstrip("/")


def public_host() -> str:
    """Return the host of the public address, with its port if it has one."""
    return urlsplit(public_address()).netloc
