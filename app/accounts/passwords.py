"""Passwords: argon2id hashes, computed off the event loop because each takes tens of milliseconds."""

import asyncio
import secrets
from base64 import b64encode

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from app.web.bounded import Bounded

# argon2-cffi's defaults are RFC 9106's low-memory profile: 64 MiB, 3 passes, 4 lanes.
_hasher = PasswordHasher()
# Each hash takes 64 MiB and several cores for a while, so in a burst of sign-ins a few wait, for less
# than two seconds, and the others are asked to try again.
hashing = Bounded("Too many people are signing in right now.", at_once=2, waiting=4)


async def hash_password(password: str) -> str:
    """Return a new hash of the password. Raises Busy if too many are being computed."""
    async with hashing:
        return await asyncio.to_thread(_hasher.hash, password)


async def check_password(password_hash: str | None, password: str) -> bool:
    """Return whether the password matches. Without a hash (None) it never does, after the same time.

    Raises Busy if too many are being computed.
    """
    async with hashing:
        matches = await asyncio.to_thread(_verify, password_hash, password)
    return matches and password_hash is not None


def needs_rehash(password_hash: str) -> bool:
    """Return whether the hash was made with other parameters than the current ones."""
    return _hasher.check_needs_rehash(password_hash)


def _verify(password_hash: str | None, password: str) -> bool:
    try:
        return _hasher.verify(password_hash or _unmatchable_hash(), password)
    except (VerificationError, InvalidHashError):
        return False


def _unmatchable_hash() -> str:
    """Return a hash that no password matches, to be checked when there is no account with that name.

    Checking it takes as long as checking a real hash. Making it needs no hashing, so the first check
    takes no longer either.
    """
    costs = f"m={_hasher.memory_cost},t={_hasher.time_cost},p={_hasher.parallelism}"
    salt, tag = (_unpadded(secrets.token_bytes(size)) for size in (_hasher.salt_len, _hasher.hash_len))
    return f"$argon2id$v=19${costs}${salt}${tag}"


def _unpadded(data: bytes) -> str:
    return b64encode(data).decode().rstrip("=")
