"""When requests have arrived: also those that waited, unread, while this process was frozen."""

import asyncio
import time
from collections.abc import AsyncGenerator
from math import inf

from app.repeat import FOLLOW_SECONDS, until_next

# Between two looks, at moments at which an idle process wakes anyway.
PERIOD_SECONDS = FOLLOW_SECONDS
# A wait that ends so much later means that nothing was read meanwhile. On a busy machine this may be a
# false alarm, after which what is read seems to have arrived up to a second earlier than it has.
STALL_SECONDS = 0.2
# After a stall, one turn of the event loop reads what has arrived meanwhile, and the next one what came
# on new connections. So many pauses hold at least as many turns.
TURNS, TURN_SECONDS = 3, 0.05
# A process that has started reads so many turns long what came while nobody accepted connections. Turns
# and not seconds: on a busy machine it may get to the first of them only after seconds.
START_TURNS = 10


class Arrivals:
    """Dates what is read by the clock of time.monotonic(), which goes on while a process is frozen."""

    def __init__(self) -> None:
        self._read = self._due = inf  # when this process has last read for certain, and will next
        self._frozen_since: float | None = None  # while what arrived during a stall is being read

    def earliest(self) -> float:
        """Return the earliest time at which what is read now may have arrived.

        That is now, except just after a stall: then it is the last time at which this process is known
        to have read what arrived. In a process that does not serve it is always now.
        """
        if self._frozen_since is not None:
            return self._frozen_since
        now = time.monotonic()
        # What is read first after a stall is read before `_follow` goes on.
        return self._read if now - self._due > STALL_SECONDS else now

    async def while_serving(self, unserved_since: float | None = None) -> AsyncGenerator[None]:
        """Notice stalls for as long as an app serves, for Quart's hook of this name.

        Connections may have waited for this process since `unserved_since`.
        """
        self._frozen_since = unserved_since
        following = asyncio.create_task(self._follow())
        yield
        following.cancel()
        self._due, self._frozen_since = inf, None

    async def _follow(self) -> None:
        if self._frozen_since is not None:
            await _turns(START_TURNS)
            self._frozen_since = None
        while True:
            self._read = time.monotonic()
            pause = until_next(PERIOD_SECONDS)
            self._due = self._read + pause
            await asyncio.sleep(pause)
            if time.monotonic() - self._due > STALL_SECONDS:
                self._frozen_since = self._read
                await _turns(TURNS)
                self._frozen_since = None


async def _turns(count: int) -> None:
    """Let the event loop turn at least so many times."""
    for _ in range(count):
        await asyncio.sleep(TURN_SECONDS)


# Of this process, which has one event loop.
arrivals = Arrivals()
