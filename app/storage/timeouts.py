"""Time limits for PostgreSQL and Redis, and the problem that each limit prevents.

While a server is away, people get an answer within 2 s (I6): the limits of one request add up to that.
The limits are for servers that hang. They must not fire when a server is slow because the machine is
busy, so time in which this process itself could not run hardly counts: see `within`.
"""

import asyncio
from collections.abc import Callable
from types import TracebackType

# One request, from its complete arrival to the beginning of its answer, and one vote. It is less than
# the 2 s of I6 by what an error page takes. Protects people from waits that add up.
REQUEST_SECONDS = 1.7

# The button gives up a vote after so long. Then the same person may vote again, through any process.
BUTTON_SECONDS = 10.0
# A vote that has waited for longer is not sent to Redis. Unlike the others, this limit is in real time,
# also for a process that was frozen. It leaves REDIS_SECONDS for the call, and ends before the button
# gives up. Protects a later vote of the same person from being overwritten by an earlier one.
VOTE_SECONDS = 8.0

# One call of Redis: connecting, the command, the reply. Protects requests from a Redis that hangs. A
# page that did without Redis still has time to ask PostgreSQL.
REDIS_SECONDS = 1.0
# One call of a Cluster, in which redis-py asks a second node when the first does not answer.
CLUSTER_SECONDS = 2.5
CLUSTER_NODE_SECONDS = 1.0
# Several commands in one pipeline. Only background work sends these, and it must not wait forever.
PIPELINE_SECONDS = 3.0
# After Redis failed to answer, one call every so often tries it again, and all others fail at once.
BREAK_SECONDS = 0.5
# Connecting to Redis or PostgreSQL. It goes on when the call that wanted it gives up, so that the next
# one finds the connection: over a slow network (five round trips of 0.4 s) no call would ever get one.
CONNECT_SECONDS = 4.0
# How long new connections stay after all others left a server that takes no writes, even if they
# reached the same one. Protects everybody from connecting again after each failed write.
LEAVE_SECONDS = 1.0

# Getting a connection to PostgreSQL. Protects requests from queueing for a server that is away.
ACQUIRE_SECONDS = 1.0
# One statement of a request. Protects a request from a server that hangs, and other requests from a
# statement that is too expensive. Jobs and commands use a longer limit.
QUERY_SECONDS = 1.0
# Returning a connection to its pool, which may roll back a transaction. What takes longer, and the
# cancellation of an abandoned statement, goes on in the background. Protects requests from waiting for
# something they no longer need.
RELEASE_SECONDS = 0.5

# A transaction that waits for its own process, which has frozen or vanished: PostgreSQL ends it, so
# that its locks go. The same for a process that compares Redis with PostgreSQL, which holds a lock
# without a transaction. Between two statements a persist waits for Redis three times, and a comparison
# five times.
IDLE_TRANSACTION_SECONDS = 4.0
# Waiting for a lock in PostgreSQL. Protects jobs from waiting for a lock of something else for ever.
LOCK_SECONDS = 10.0
# A peer that acknowledges nothing is gone: PostgreSQL closes the connection.
PEER_SECONDS = 5.0
# A transaction that only reads (an export to a slow client, `upvote verify`) may wait for longer,
# since it blocks nobody.
IDLE_READER_SECONDS = 60.0

# One call of the OpenID provider: its addresses, its keys, or an ID token. Such a call waits for a site
# outside, so it does not count for REQUEST_SECONDS. Protects people from a provider that hangs.
PROVIDER_SECONDS = 5.0

# One try to send an event to a webhook, from the look-up of its name to the answer's head. Protects
# its other events from a receiver that hangs; other webhooks never wait for it.
WEBHOOK_SECONDS = 10.0

# Loading a project into Redis for a vote, as long as rows keep coming (a million voters): else
# REQUEST_SECONDS applies. The load goes on, so the next attempt finds it done.
HYDRATION_SECONDS = VOTE_SECONDS
# Comparing Redis with PostgreSQL after a restart. It goes on when the vote that found it gives up.
COMPARE_SECONDS = 8.0
# Each server's part of /ops and /metrics, so that the rest is shown while one server is away.
STATE_SECONDS = 1.2

# The limits inside the libraries. They end calls that have no limit above, and must be longer than any
# limit above, even a stretched one.
BACKSTOP_SECONDS = 60.0

TICK = 0.1  # s
# A tick that is later than this counts as late: the event loop is busy, and connecting alone needs
# about ten of its rounds.
LATE_AFTER = 0.02  # s
# How much a tick counts when it is on time and when it is late. A late tick still counts a little,
# since a process that is always late must give up at some point too.
ON_TIME, LATE = 5, 1
# `within` gives up after at most this many times its seconds, however late the ticks are.
MAX_STRETCH = ON_TIME / LATE


class within:
    """An async context manager that raises TimeoutError when its block waits longer than `seconds`.

    It counts ticks of the event loop. After a stall (other work in this process, or a busy machine that
    did not run it) the answer may have arrived and lie unread in its socket. A plain timer would fire
    before the process reads it; here the whole stall counts as a part of one tick.
    """

    __slots__ = ("_due", "_kept", "_left", "_loop", "_scope", "_timer")

    def __init__(self, seconds: float, kept: Callable[[], float] = lambda: 0.0) -> None:
        """Time does not count while no more is left than what `kept` returns (s)."""
        self._left = max(1, round(seconds / TICK)) * ON_TIME
        self._kept = kept
        self._scope = asyncio.timeout(None)

    @property
    def left(self) -> float:
        """How much of the time is left (s)."""
        return self._left / ON_TIME * TICK

    @property
    def expired(self) -> bool:
        """Whether the time is over."""
        return self._left <= 0

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
        kept = round(self._kept() / TICK) * ON_TIME
        if self._left > kept:
            counted = ON_TIME if self._loop.time() - self._due < LATE_AFTER else LATE
            self._left = max(kept, self._left - counted)
        if self._left > 0:
            self._wait()
        else:
            self._scope.reschedule(self._loop.time())
