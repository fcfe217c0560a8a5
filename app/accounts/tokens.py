"""API tokens: random text of which only the SHA-256 is stored."""

import asyncio
import contextlib
import hashlib
import hmac
import secrets
import time
from base64 import urlsafe_b64encode

from asyncpg import Pool
from cachetools import TLRUCache, TTLCache

from app.accounts import queries
from app.accounts.user import TokenUse
from app.storage.away import DATABASE_AWAY

PREFIX = "uv_"
SCOPES = ("projects",)  # making and updating projects by key, for an admin
# A checked token is accepted for this long without asking PostgreSQL again, so a revoked token stops
# working within this time.
CACHE_SECONDS = 5.0
MAX_CACHED = 10_000
# How often the time of a token's last use is written; the statement has the same interval.
WRITE_USE_SECONDS = 60.0


def new_token() -> str:
    """Return a new token: 256 random bits, without spaces."""
    return PREFIX + secrets.token_urlsafe(32)


def token_of(secret: bytes, secret_key: str) -> str:
    """Return the token that belongs to a random secret; nobody can know it without SECRET_KEY."""
    digest = hmac.digest(secret_key.encode(), b"upvote token " + secret, "sha256")
    return PREFIX + urlsafe_b64encode(digest).decode().rstrip("=")


def token_hash(token: str) -> bytes:
    """Return the digest that the database stores. A token is random, so it needs no salt."""
    return hashlib.sha256(token.encode()).digest()


class TokenCache:
    """Remembers the user of each token that was seen recently."""

    def __init__(self) -> None:
        # token -> its use, and until when (monotonic, s), counted from the question to PostgreSQL
        self._users: TLRUCache[bytes, tuple[TokenUse, float]] = TLRUCache(
            MAX_CACHED, ttu=lambda _key, use, _now: use[1], timer=lambda: time.monotonic()
        )
        self._written: TTLCache[bytes, bool] = TTLCache(MAX_CACHED, WRITE_USE_SECONDS)
        self._writes: set[asyncio.Task[None]] = set()

    async def user_id(self, db: Pool, token: str) -> int | None:
        """Return the id of the token's user, or None for an invalid token. Raises DATABASE_AWAY."""
        use = await self.use(db, token)
        return None if use is None else use.user_id

    async def use(self, db: Pool, token: str) -> TokenUse | None:
        """Return what the token allows, or None for an invalid token. Raises DATABASE_AWAY."""
        digest = token_hash(token)
        known = self._users.get(digest)
        if known is not None:
            return known[0]
        until = time.monotonic() + CACHE_SECONDS
        found = await queries.select_token(db, digest)
        if found is not None:
            self._users[digest] = (found, until)
            self._write_use(db, digest)
        return found

    def forget(self, digest: bytes) -> None:
        """Refuse a token that has been revoked; other processes do so within CACHE_SECONDS."""
        self._users.pop(digest, None)

    def forget_user(self, user_id: int) -> None:
        """Ask PostgreSQL again about all tokens of a user, who has been suspended or deleted."""
        for digest in [digest for digest, (use, _) in self._users.items() if use.user_id == user_id]:
            self._users.pop(digest, None)

    def _write_use(self, db: Pool, digest: bytes) -> None:
        """Write in the background that the token is in use, so that the request need not wait."""
        if digest in self._written:
            return
        self._written[digest] = True
        task = asyncio.create_task(_write_use(db, digest))
        self._writes.add(task)
        task.add_done_callback(self._writes.discard)


async def _write_use(db: Pool, digest: bytes) -> None:
    with contextlib.suppress(*DATABASE_AWAY):  # it is only shown to people; nothing depends on it
        await queries.update_token_used(db, digest)
