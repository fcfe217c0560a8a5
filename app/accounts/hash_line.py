"""The line in which requests wait for their turn to hash a password, and who is sent back into it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from quart import g, has_request_context, request

from app.storage.timeouts import REQUEST_SECONDS
from app.web.asking_again import may_ask_again, turn
from app.web.bounded import Bounded, Busy
from app.web.deadline import seconds_left

# So many times a request is sent again that has waited for a server for too long before its hash. Then
# the server is slow each time, and it is better to be late.
LATE_TURNS = 3

# Each hash takes 46 MiB and a core for a while, so a crowd waits in line: for so long (s) within
# one request, which has other work too. Then it comes back by itself (app/accounts/in_line.py).
LINE_SECONDS = 1.0
# s; what waiting and hashing may take together, of the 2 s of an answer. On a busy machine a hash alone
# may take longer than a second, and only those who have just come are in time for it.
TURN_SECONDS = 1.2
# s; a hash that takes longer than the rest of the request's time leaves this for what follows it.
KEPT_SECONDS = 0.5
# s; what a form must have left beside a hash as long as the last one, since this one may take longer.
SPARE_SECONDS = 0.8
# The part of its time with which a form is hashed in any case, also where hashes take too long.
ENOUGH = 0.7
SHORTEST_WAIT = 0.1  # s; otherwise nobody would be let in who has to wait at all
AT_ONCE = 1


class StillInLine(Busy):
    """It was not this request's turn in time to hash a password."""


class HashLine(Bounded):
    last_seconds = 0.0  # how long the last hash took


hashing = HashLine(
    "Very many people are signing in right now.",
    at_once=AT_ONCE,
    waiting=500,
    seconds=LINE_SECONDS,
    full=StillInLine,
)


@asynccontextmanager
async def turn_to_hash() -> AsyncIterator[None]:
    """Wait in line; hash within the block. Raises Busy, or StillInLine if the answer would be late."""
    async with hashing:
        if has_request_context():
            _be_in_time()
        yield


def _be_in_time() -> None:
    """Send a form again that has waited for so long that it would be answered late after its hash."""
    is_first, g.is_hashing = not g.get("is_hashing"), True
    needed = min(hashing.last_seconds + SPARE_SECONDS, ENOUGH * REQUEST_SECONDS)
    if is_first and seconds_left() < needed and turn() <= LATE_TURNS and can_come_again():
        raise StillInLine(hashing.reason)


def can_come_again() -> bool:
    """Return whether this request is a form that a browser sends again when it is told to."""
    is_form = request.method == "POST" and request.headers.get("HX-Request") != "true"
    return is_form and may_ask_again()


def expect(hash_seconds: float) -> None:
    """Expect the next hash to take as long (s) as the last one."""
    hashing.last_seconds = hash_seconds
    hashing.useful_seconds = useful_seconds(hash_seconds)


def useful_seconds(hash_seconds: float) -> float:
    """Return how long one may wait (s) for a hash that takes as long as the last one took (s)."""
    return min(LINE_SECONDS, max(SHORTEST_WAIT, TURN_SECONDS - hash_seconds))
