"""Bearer tokens: who is calling the JSON API."""

import time

from asyncpg import Pool
from quart import current_app, request
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Unauthorized

from app.accounts import queries
from app.accounts.tokens import token_hash

# A token once checked is good for this long without asking PostgreSQL again: the time within which
# a revoked token stops working.
CACHE_SECONDS = 5.0
LARGEST_CACHE = 10_000


class TokenCache:
    """Which user each recently seen token stands for."""

    def __init__(self) -> None:
        self._users: dict[bytes, tuple[int, float]] = {}

    async def user_id(self, db: Pool, token: str) -> int | None:
        digest, now = token_hash(token), time.monotonic()
        user_id, until = self._users.get(digest, (0, 0.0))
        if now < until:
            return user_id
        found = await queries.select_token_user(db, digest)
        if found is not None:
            if len(self._users) >= LARGEST_CACHE:
                self._users.clear()
            self._users[digest] = (found, now + CACHE_SECONDS)
        return found


async def token_user() -> int:
    """The id of the user whose token the request carries; raises Unauthorized without one."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    user_id = None
    if scheme.lower() == "bearer" and token.strip():
        user_id = await current_app.tokens.user_id(current_app.db, token.strip())
    if user_id is None:
        raise Unauthorized(
            "Send a token: 'Authorization: Bearer TOKEN' (made by 'upvote token create NAME').",
            www_authenticate=WWWAuthenticate("bearer"),
        )
    return user_id
