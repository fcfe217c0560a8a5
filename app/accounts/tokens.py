"""API tokens: random words of which only the SHA-256 is kept."""

import asyncio
import contextlib
import hashlib
import secrets
import time

from asyncpg import Pool

from app.accounts import queries
from app.storage.connections import DATABASE_AWAY

# A token once checked is good for this long without asking PostgreSQL again: the time within which
# a revoked token stops working.
CACHE_SECONDS = 5.0
LARGEST_CACHE = 10_000
# How often this process notes that a token is being used; PostgreSQL keeps to the same.
NOTE_SECONDS = 60.0


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
        self._noted: dict[bytes, float] = {}
        self._notes: set[asyncio.Task[None]] = set()

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
            self._note_soon(db, digest, now)
        return found

    def forget(self, digest: bytes) -> None:
        """A token has been revoked: this process refuses it from now on."""
        self._users.pop(digest, None)

    def forget_user(self, user_id: int) -> None:
        """A user's tokens have been revoked, or the user has been suspended."""
        for digest in [digest for digest, (owner, _) in self._users.items() if owner == user_id]:
            del self._users[digest]

    def _note_soon(self, db: Pool, digest: bytes, now: float) -> None:
        """Note that the token is being used, behind the back of the call that uses it."""
        if now < self._noted.get(digest, 0.0):
            return
        if len(self._noted) >= LARGEST_CACHE:
            self._noted.clear()
        self._noted[digest] = now + NOTE_SECONDS
        task = asyncio.create_task(_note(db, digest))
        self._notes.add(task)
        task.add_done_callback(self._notes.discard)


async def _note(db: Pool, digest: bytes) -> None:
    with contextlib.suppress(*DATABASE_AWAY):  # for people to look at; nothing depends on it
        await queries.update_token_used(db, digest)
