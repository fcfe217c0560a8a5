"""Passwords: argon2id hashes, made off the event loop because each takes tens of milliseconds."""

import asyncio
import secrets
from base64 import b64encode

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

# argon2-cffi's defaults are RFC 9106's low-memory profile: 64 MiB, 3 passes, 4 lanes.
_hasher = PasswordHasher()
# Each hash takes 64 MiB: a burst of sign-ins queues instead of taking the machine's memory.
_turns = asyncio.Semaphore(2)


async def hash_password(password: str) -> str:
    async with _turns:
        return await asyncio.to_thread(_hasher.hash, password)


async def check_password(password_hash: str | None, password: str) -> bool:
    """Whether the password fits; None as hash takes the same time and never fits."""
    async with _turns:
        fits = await asyncio.to_thread(_verify, password_hash, password)
    return fits and password_hash is not None


def needs_rehash(password_hash: str) -> bool:
    """Whether the hash was made with weaker parameters than today's."""
    return _hasher.check_needs_rehash(password_hash)


def _verify(password_hash: str | None, password: str) -> bool:
    try:
        return _hasher.verify(password_hash or _nobody(), password)
    except (VerificationError, InvalidHashError):
        return False


def _nobody() -> str:
    """A hash of today's parameters that no password fits, checked where there is no such account: the
    answer takes as long, also the first time, since nothing has to be hashed for it.
    """
    costs = f"m={_hasher.memory_cost},t={_hasher.time_cost},p={_hasher.parallelism}"
    salt, tag = (_unpadded(secrets.token_bytes(size)) for size in (_hasher.salt_len, _hasher.hash_len))
    return f"$argon2id$v=19${costs}${salt}${tag}"


def _unpadded(data: bytes) -> str:
    return b64encode(data).decode().rstrip("=")
