"""How long the product waits for PostgreSQL and Redis, and what each limit protects from.

Answers to people come within 2 s while a server is away (I6), and these limits add up to that. They are
for servers that hang. A server that is slow because the machine is busy shall not trip them, so time in
which this process itself did not get to run hardly counts: see `within`.
"""

import asyncio
from types import TracebackType

# One question to Redis: a connection, the command, the reply. Protects requests from a Redis that
# hangs.
REDIS_SECONDS = 1.5
# The same on a Cluster, where redis-py asks a second node when the first has not answered.
CLUSTER_SECONDS = 2.5
CLUSTER_NODE_SECONDS = 1.0
# Several commands in one turn. Only background work sends these; it must not wait for ever.
PIPELINE_SECONDS = 3.0
# How long nobody asks a Redis that has not answered: an outage costs one request a wait, not each.
BREAK_SECONDS = 0.5

# A connection to PostgreSQL. Protects requests from queueing for a server that is away.
ACQUIRE_SECONDS = 1.0
# One statement of a request. Protects from a server that hangs, and others from a statement that is too
# expensive. Jobs and commands pass a longer one.
QUERY_SECONDS = 1.0
# A connection that goes back to its pool: a statement that was given up has to be cancelled first. What
# takes longer goes on in the background. Protects requests from waiting for what they need no more.
RELEASE_SECONDS = 0.5

# A vote whose project is being loaded, here or by another process. Each step of that has a limit above,
# so a server that hangs ends it sooner; this one is for loads that are long (a million voters). It is
# less than the 10 s that the button waits. The load goes on, and the next attempt finds it done.
HYDRATION_SECONDS = 8.0
# A vote that finds Redis restarted waits until that has been compared with PostgreSQL: the same holds.
COMPARE_SECONDS = 8.0
# Each server's part of /ops and /metrics: their readers get the rest when one is away.
STATE_SECONDS = 1.2

# What the libraries themselves may take, as they count: it ends what has no limit of ours, and must not
# come before one, however far that stretches.
BACKSTOP_SECONDS = 60.0

TICK = 0.1  # s
# A loop that comes round so much later is busy, and connecting alone takes it some ten rounds.
LATE_AFTER = 0.02  # s
# How far a tick counts that comes on time, and one that comes late. A late one counts a little, since a
# process that is always late has to give up as well.
ON_TIME, LATE = 5, 1
# `within` gives up after this many times its seconds, however late its ticks are.
MOST_STRETCH = ON_TIME / LATE


class within:
    """An async context manager that raises TimeoutError when its block waits longer than `seconds`.

    It counts ticks of the event loop. After a stall (other work in this process, or a machine that
    gave it no turn) the answer may have come long ago and lie unread in its socket. A plain timer
    would strike before that is read; here the stall counts as a part of one tick.
    """

    __slots__ = ("_due", "_left", "_loop", "_scope", "_timer")

    def __init__(self, seconds: float) -> None:
        self._left = max(1, round(seconds / TICK)) * ON_TIME
        self._scope = asyncio.timeout(None)

    async def __aenter__(self) -> None:
        await self._scope.__aenter__()
        self._loop = asyncio.get_running_loop()
        self._wait()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._timer.cancel()
        await self._scope.__aexit__(kind, error, traceback)

    def _wait(self) -> None:
        self._due = self._loop.time() + TICK
        self._timer = self._loop.call_at(self._due, self._tick)

    def _tick(self) -> None:
        self._left -= ON_TIME if self._loop.time() - self._due < LATE_AFTER else LATE
        if self._left > 0:
            self._wait()
        else:
            self._scope.reschedule(self._loop.time())
