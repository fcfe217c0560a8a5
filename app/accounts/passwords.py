"""Passwords: argon2id hashes, computed off the event loop because each takes tens of milliseconds.

Before it is hashed, a password is brought into Unicode's form NFKC with plain spaces: systems differ in
how they type ö, or digits on a Japanese keyboard, and the same password would not match otherwise.
Earlier versions hashed the form of RFC 8265 (OpaqueString: NFC and plain spaces), and the first ones
what was typed; such hashes still match, and are replaced at the next sign-in.
"""

import asyncio
import re
import secrets
import unicodedata
from base64 import b64encode

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from app.web.bounded import Bounded

# argon2-cffi's defaults are RFC 9106's low-memory profile: 64 MiB, 3 passes, 4 lanes.
_hasher = PasswordHasher()
# Each hash takes 64 MiB and several cores for a while, so in a burst of sign-ins a few wait, for less
# than two seconds, and the others are asked to try again.
hashing = Bounded("Too many people are signing in right now.", at_once=2, waiting=50)

# Spaces other than U+0020: the rest of Unicode's category Zs.
_SPACES = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")


def prepare_password(password: str) -> str:
    """Return the form of a password that is hashed."""
    return unicodedata.normalize("NFKC", _SPACES.sub(" ", password))


def compose_password(password: str) -> str:
    """Return the form that is measured: characters as people see them. Earlier versions hashed it."""
    return unicodedata.normalize("NFC", _SPACES.sub(" ", password))


async def hash_password(password: str) -> str:
    """Return a new hash of the password. Raises Busy if too many are being computed."""
    async with hashing:
        return await asyncio.to_thread(_hasher.hash, prepare_password(password))


async def check_password(password_hash: str | None, password: str) -> bool:
    """Return whether the password matches: as prepared or, for an older hash, composed or as typed.

    Without a hash (None: no such account, or one without a password) it never does, after the same
    time. Raises Busy if too many are being computed.
    """
    async with hashing:
        matches = await asyncio.to_thread(_verify, password_hash, password)
    return matches and password_hash is not None


def needs_rehash(password_hash: str, password: str) -> bool:
    """Return whether the hash of a password that matches is of an older kind, or may be."""
    return _hasher.check_needs_rehash(password_hash) or prepare_password(password) != password


def _verify(password_hash: str | None, password: str) -> bool:
    tried = password_hash or _unmatchable_hash()
    forms = dict.fromkeys((prepare_password(password), compose_password(password), password))
    return any(_matches(tried, form) for form in forms)


def _matches(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
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
