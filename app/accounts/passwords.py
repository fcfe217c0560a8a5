"""Passwords: argon2id hashes, computed off the event loop because each takes tens of milliseconds.

Before it is hashed, a password is brought into Unicode's form NFKC with plain spaces: systems differ in
how they type ö, or digits on a Japanese keyboard, and the same password would not match otherwise.
Earlier versions hashed the form of RFC 8265 (OpaqueString: NFC and plain spaces), and the first ones
what was typed; such hashes still match, and are replaced at the next sign-in.
"""

import asyncio
import contextlib
import os
import re
import secrets
import sys
import unicodedata
from base64 import b64encode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from quart import has_request_context

from app.priority import NICENESS
from app.web.bounded import Bounded, Busy
from app.web.deadline import elsewhere

# The first of the equally strong choices of OWASP's Password Storage Cheat Sheet: 46 MiB, one pass, one
# lane. RFC 9106's low-memory profile (64 MiB, 3 passes, 4 lanes; earlier versions had it) needs four
# times as much CPU, on all cores at once, which votes feel when a crowd signs in.
_hasher = PasswordHasher(time_cost=1, memory_cost=47_104, parallelism=1)
Result = TypeVar("Result")


class StillInLine(Busy):
    """It was not this request's turn in time to hash a password."""


# Each hash takes 46 MiB and a core for a while, so a crowd waits in line: for so long (s) within
# one request, which has other work too. Then it comes back by itself (app/accounts/in_line.py).
LINE_SECONDS = 1.0
# s; what waiting and hashing may take together, of the 2 s of an answer. On a busy machine a hash alone
# may take longer than a second, and only those who have just come are in time for it.
TURN_SECONDS = 1.2
# s; a hash that takes longer than the rest of the request's time leaves this for what follows it.
KEPT_SECONDS = 0.5
SHORTEST_WAIT = 0.1  # s; otherwise nobody would be let in who has to wait at all
AT_ONCE = 1
hashing = Bounded(
    "Very many people are signing in right now.",
    at_once=AT_ONCE,
    waiting=500,
    seconds=LINE_SECONDS,
    full=StillInLine,
)

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
        return await in_thread(lambda: _hasher.hash(prepare_password(password)))


async def check_password(password_hash: str | None, password: str) -> bool:
    """Return whether the password matches: as prepared or, for an older hash, composed or as typed.

    Without a hash (None: no such account, or one without a password) it never does, after the same
    time. Raises Busy if too many are being computed.
    """
    async with hashing:
        return await verify_password(password_hash, password)


async def verify_password(password_hash: str | None, password: str) -> bool:
    """As check_password, for callers that hold a place of `hashing`."""
    matches = await in_thread(lambda: _verify(password_hash, password))
    return matches and password_hash is not None


async def in_thread(work: Callable[[], Result]) -> Result:
    """Return what the work returns, done by a thread that lets other work go first."""
    loop = asyncio.get_running_loop()
    start = loop.time()
    with elsewhere(KEPT_SECONDS) if has_request_context() else contextlib.nullcontext():
        result = await threads.run(work)
    took = loop.time() - start
    threads.choose(took)
    hashing.useful_seconds = useful_seconds(took)
    return result


def useful_seconds(hash_seconds: float) -> float:
    """Return how long one may wait (s) for a hash that takes as long as the last one took (s)."""
    return min(LINE_SECONDS, max(SHORTEST_WAIT, TURN_SECONDS - hash_seconds))


class Threads:
    """The threads for hashes: a gentle one, and one for a machine that leaves the gentle one no time.

    Beside four busy processes on two cores a hash that takes 0.1 s alone takes 0.6 s in the quicker
    thread and 2 s in the gentle one. Who signs in would be answered too late.
    """

    SLOW, QUICK = 0.6, 0.2  # s; from so long on a hash took too long, and up to so long it took no time

    def __init__(self) -> None:
        self.gentle, self.quicker = (
            ThreadPoolExecutor(AT_ONCE, "password", initializer=_give_way, initargs=(niceness,))
            for niceness in (NICENESS, NICENESS // 2)
        )
        self.current = self.gentle

    async def run(self, work: Callable[[], Result]) -> Result:
        """Return what the work returns. If the gentle thread has not done it in time, both do it.

        So the first hash after a machine became busy is not late either.
        """
        loop = asyncio.get_running_loop()
        runs = {loop.run_in_executor(self.current, work)}
        try:
            done, _ = await asyncio.wait(runs, timeout=self.SLOW)
            if not done and self.current is self.gentle:
                runs.add(loop.run_in_executor(self.quicker, work))
            done, _ = await asyncio.wait(runs, return_when=asyncio.FIRST_COMPLETED)
            return done.pop().result()
        finally:
            for run in runs:
                run.cancel()  # what has not begun

    def choose(self, took: float) -> None:
        """Choose the thread for the next hash by how long (s) the last one took."""
        if took > self.SLOW:
            self.current = self.quicker
        elif took < self.QUICK:
            self.current = self.gentle


def _give_way(niceness: int) -> None:
    """Lower the priority of this thread: votes, PostgreSQL and Redis go before hashes.

    Only on Linux each thread has its own. It is lowered by some steps and not set, since the board may
    have a low priority itself, and only root may raise one.
    """
    if sys.platform == "linux":
        os.nice(niceness)


threads = Threads()


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
