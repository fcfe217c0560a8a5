"""Work that a process repeats for ever. An idle process wakes once for all of it.

A wake-up of a process that sleeps costs as much CPU as a query of one that is awake.
"""

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable

# How long (s) until a process knows what another one has changed: settings, sessions that were ended.
FOLLOW_SECONDS = 0.8
EARLY = 0.1  # the part of a time between two turns that may lack

Work = Callable[[], Awaitable[None]]


async def repeat(*works: Work, seconds: float | None = None) -> None:
    """Do the works, one after the other, at once and then every `seconds` (FOLLOW_SECONDS), for ever.

    One after the other they need one connection to PostgreSQL.
    """
    while True:
        for work in works:
            await work()
        await asyncio.sleep(until_next(seconds or FOLLOW_SECONDS))


def until_next(seconds: float) -> float:
    """Return how long it is (s) until the next multiple of so many seconds of the system's clock.

    One that is nearly there counts as reached, since timers may be early by a millisecond.
    """
    left = seconds - time.monotonic() % seconds
    return left if left > EARLY * seconds else left + seconds


def seldom(work: Work, turns: int) -> Work:
    """Return work to repeat that is done only the first and then every so many times."""
    turn = itertools.cycle(range(turns))

    async def when_due() -> None:
        if next(turn) == 0:
            await work()

    return when_due
