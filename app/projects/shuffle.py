"""The seed of a shuffled list: each reader has an order of their own, which stays the same.

It is made with SECRET_KEY, so nobody can compute the order of somebody else. A visitor is known by a
random cookie, which is set with the first shuffled list.
"""

import hmac
import re
import secrets
from typing import Any

from quart import after_this_request, request

from app.services import services

COOKIE = "upvote_shuffle"
MONTH = 30 * 24 * 60 * 60
_VALUE = re.compile("[A-Za-z0-9_-]{22}")


def seed_of(user_id: int | None) -> int:
    """Return the seed of a caller of the API; callers without a token share one."""
    return _seed("nobody" if user_id is None else f"user {user_id}")


def seed_of_reader(user_id: int | None) -> int:
    """Return the seed of a page's reader; set the cookie of a visitor who has none."""
    return seed_of(user_id) if user_id is not None else _seed(f"visitor {_visitor()}")


def _visitor() -> str:
    known = request.cookies.get(COOKIE, "")
    if _VALUE.fullmatch(known):
        return known
    new = secrets.token_urlsafe(16)

    @after_this_request
    async def remember(response: Any) -> Any:
        response.set_cookie(COOKIE, new, MONTH, secure=request.is_secure, httponly=True, samesite="Lax")
        return response

    return new


def _seed(reader: str) -> int:
    key = services().settings.require_secret_key().encode()
    digest = hmac.digest(key, f"upvote shuffle {reader}".encode(), "sha256")
    return int.from_bytes(digest[:8], "big", signed=True)
