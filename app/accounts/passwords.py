"""Passwords: argon2id hashes, computed off the event loop because each takes tens of milliseconds.

Before it is hashed, a password is brought into Unicode's form NFKC with plain spaces: systems differ in
how they type ö, or digits on a Japanese keyboard, and the same password would not match otherwise.
Earlier versions hashed the form of RFC 8265 (OpaqueString: NFC and plain spaces), and the first ones
what was typed; such hashes still match, and are replaced at the next sign-in.
"""

import contextlib
import re
import secrets
import time
import unicodedata
from base64 import b64encode
from collections.abc import Callable
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from quart import has_request_context

from app.accounts import hash_line
from app.accounts.hash_line import KEPT_SECONDS, turn_to_hash
from app.accounts.hash_threads import threads
from app.web.deadline import arrived, elsewhere

# The first of the equally strong choices of OWASP's Password Storage Cheat Sheet: 46 MiB, one pass, one
# lane. RFC 9106's low-memory profile (64 MiB, 3 passes, 4 lanes; earlier versions had it) needs four
# times as much CPU, on all cores at once, which votes feel when a crowd signs in.
_hasher = PasswordHasher(time_cost=1, memory_cost=47_104, parallelism=1)
Result = TypeVar("Result")

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
    async with turn_to_hash():
        return await in_thread(lambda: _hasher.hash(prepare_password(password)))


async def check_password(password_hash: str | None, password: str) -> bool:
    """Return whether the password matches: as prepared or, for an older hash, composed or as typed.

    Without a hash (None: no such account, or one without a password) it never does, after the same
    time. Raises Busy if too many are being computed.
    """
    async with turn_to_hash():
        return await verify_password(password_hash, password)


async def verify_password(password_hash: str | None, password: str) -> bool:
    """As check_password, for callers whose `turn_to_hash` it is."""
    matches = await in_thread(lambda: _verify(password_hash, password))
    return matches and password_hash is not None


async def in_thread(work: Callable[[], Result]) -> Result:
    """Return what the work returns, done by a thread that lets other work go first."""
    in_request, start = has_request_context(), time.monotonic()
    waited = start - arrived() if in_request else 0.0
    with elsewhere(KEPT_SECONDS) if in_request else contextlib.nullcontext():
        result = await threads.run(work, waited)
    took = time.monotonic() - start
    threads.choose(took)
    hash_line.expect(took)
    return result


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
