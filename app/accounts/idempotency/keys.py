"""Reads the idempotency key of a request, and finds or stores what it has created.

Each form that creates something carries a random key; a client of the API may send one in the header
Idempotency-Key. What a key has created is stored in the transaction that creates it.
"""

import hashlib
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from asyncpg import Connection, LockNotAvailableError
from werkzeug.exceptions import Conflict

from app.accounts.idempotency import queries
from app.accounts.idempotency.queries import Created
from app.services import services

DAY = 24 * 60 * 60
# A form without a key (a page of an earlier version, a script) that is sent again with the same content
# within this time (s) counts as a second click.
SECOND_CLICK_SECONDS = 2


class StillRunning(Conflict):
    """Another request of this user holds the lock."""

    description = "A request like this one is still being carried out. Try again in a moment."
    retry_after = 1

    def get_headers(self, *args: Any, **options: Any) -> list[tuple[str, str]]:
        return [*super().get_headers(*args, **options), ("Retry-After", str(self.retry_after))]


class KeyReused(Exception):
    """The key was sent before, with other content or for a project that has been deleted since.

    `created` is what it has created.
    """

    def __init__(self, created: Created) -> None:
        super().__init__("this key was sent before")
        self.created = created


@dataclass(frozen=True)
class IdempotencyKey:
    """Digests of a key and of the content sent with it, and how long (s) the key is kept.

    `given`: the client sent the key; otherwise it follows from the content.
    """

    digest: bytes
    fingerprint: bytes
    seconds: int
    given: bool


def new_form_key() -> str:
    """Return the key of a new form."""
    return secrets.token_urlsafe(16)


def key_of(route: str, given: str, *content: str | None) -> IdempotencyKey:
    """Return the key of a request to this route; without a given key, that of its content."""
    fingerprint = _digest(route, *content)
    if given:
        return IdempotencyKey(_digest(route, "key", given), fingerprint, DAY, given=True)
    digest = _digest(route, "content", *content)
    return IdempotencyKey(digest, fingerprint, SECOND_CLICK_SECONDS, given=False)


async def find_created(user_id: int, key: IdempotencyKey) -> Created | None:
    """Return what the user's key has created, or None. Raises KeyReused."""
    return _check(key, await queries.select_created(services().db, user_id, key.digest))


@asynccontextmanager
async def creating_once(
    user_id: int, key: IdempotencyKey
) -> AsyncIterator[tuple[Connection, Created | None]]:
    """Open a transaction, in which no other request of this user creates anything with a key.

    Yield its connection, and what the key has created or None. Raises KeyReused, and StillRunning if
    another request of this user does not end in time.
    """
    async with services().db.acquire() as db, db.transaction():
        try:
            await queries.lock_user(db, user_id)
        except (LockNotAvailableError, TimeoutError) as error:
            raise StillRunning from error
        yield db, _check(key, await queries.select_created(db, user_id, key.digest))


async def store_created(
    db: Connection,
    user_id: int,
    key: IdempotencyKey,
    *,
    project_id: int | None = None,
    secret: bytes | None = None,
) -> None:
    """Store what the key has created, in the transaction that creates it."""
    await queries.insert_key(db, user_id, key.digest, key.fingerprint, key.seconds, project_id, secret)


def _check(key: IdempotencyKey, created: Created | None) -> Created | None:
    if created is not None and created.fingerprint != key.fingerprint:
        raise KeyReused(created)
    return created


def _digest(*parts: str | None) -> bytes:
    """Return the SHA-256 of the parts, each after its length, so that no two lists are alike."""
    digest = hashlib.sha256()
    for part in parts:
        encoded = b"" if part is None else part.encode("utf-8", "surrogatepass")
        digest.update(b"%d:%s" % (-1 if part is None else len(encoded), encoded))
    return digest.digest()
