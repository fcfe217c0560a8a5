"""API tokens: random words of which only the SHA-256 is kept."""

import hashlib
import secrets
import time

from asyncpg import Pool

from app.accounts import queries

# A token once checked is good for this long without asking PostgreSQL again: the time within which
# a revoked token stops working.
CACHE_SECONDS = 5.0
LARGEST_CACHE = 10_000


def new_token() -> str:
    """A fresh token: 256 random bits, one word."""
    return "uv_" + secrets.token_urlsafe(32)


def token_hash(token: str) -> bytes:
    """What the database keeps of a token; random enough to need no salt."""
    return hashlib.sha256(token.encode()).digest()


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
