"""Lets one Redis server at a time accept the votes of a shard.

Each process that has voted or persisted reports to PostgreSQL once a second which server it uses. A
server takes a shard over only when no other one was reported for LEASE_SECONDS, so that no copy accepts
votes that lacks the acknowledged ones of the other. While two are in use, the first one goes on, unless
only the other one has a worker. A report costs a vote nothing: it runs beside the votes, except after a
pause, in which another server may have taken over.

While PostgreSQL is away nobody can report, and the server that was compared last goes on.
"""

import asyncio
import os
import re
import secrets
import socket
import time
import weakref
from collections.abc import Awaitable, Callable

from asyncpg import Connection, Pool

from app.errors import VotesUnavailable
from app.repeat import until_next
from app.storage.away import DATABASE_AWAY, REDIS_AWAY
from app.storage.redis_client import RedisClient
from app.storage.timeouts import within
from app.voting import keys
from app.voting.servers import queries
from app.voting.servers.queries import LEASE_SECONDS, Uses

REPORT_SECONDS = 0.9
# If the last report is older than this (s), the process may have hung: the next batch waits for one.
MAX_AGE_SECONDS = 2.0
# How long (s) a batch waits for a report; PostgreSQL may hang, and votes can go on without it.
WAIT_SECONDS = 0.5
PAUSE_SECONDS = 0.1

GiveWay = Callable[[int, bool], Awaitable[None]]


class TwoServers(VotesUnavailable):
    """Another Redis server is in use for this board."""

    def __init__(self) -> None:
        super().__init__(
            "two Redis servers are in use for this board, and only one of them may accept votes: "
            "run upvote doctor, which names them"
        )


class ServersInUse:
    """The reports of one process.

    `give_way` is called for a shard whose server must not accept votes, or has to be compared; with
    True, at once.
    """

    def __init__(self, redis: RedisClient, db: Pool, redis_url: str, give_way: GiveWay) -> None:
        self._redis = redis
        self._db = db
        self._give_way = give_way
        self._address = re.sub("//[^/]*@", "//", redis_url)  # without user and password
        self._process = f"{socket.gethostname()} pid {os.getpid()} {secrets.token_hex(4)}"
        self._reported: dict[int, float] = {}  # shard -> when
        self._running: dict[int, asyncio.Task[None]] = {}
        self._is_away = False
        self.is_closed = False
        self._is_worker = False
        # Called after each report of the first shard with the revision of the board's settings; with
        # None if the report failed.
        self.on_report: Callable[[int | None], None] = lambda _: None

    def due(self, shard: int) -> asyncio.Task[None] | None:
        """Return a report if the next batch has to wait for one. The first call starts the reports."""
        if shard not in self._reported:
            self._reported[shard] = -MAX_AGE_SECONDS
            _report_every_second(weakref.ref(self), shard)
        is_late = time.monotonic() - self._reported[shard] > MAX_AGE_SECONDS
        return self.start(shard) if is_late and not self._is_away else None

    def note_worker(self, shard: int) -> None:
        """Report from now on that this process persists events."""
        self._is_worker = True
        self.due(shard)

    def start(self, shard: int) -> asyncio.Task[None]:
        """Start a report, or return the one that is running."""
        task = self._running.get(shard)
        if task is None:
            task = self._running[shard] = asyncio.create_task(self._report(shard))
            task.add_done_callback(lambda _: self._running.pop(shard, None))
        return task

    async def close(self) -> None:
        """End the reports: this process uses no server any more."""
        self.is_closed = True
        running = list(self._running.values())
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def wait(self, report: asyncio.Task[None]) -> None:
        """Wait for a report, but not for long."""
        try:
            async with within(WAIT_SECONDS):
                await asyncio.shield(report)
        except TimeoutError:
            self._is_away = True

    async def _report(self, shard: int) -> None:
        """Report the server, and give way if another one is in charge."""
        revision = None
        try:
            server = await self._redis.server_of(keys.epoch(shard))
            uses = await self._upsert(self._db, shard, server, votes=None)
            self._is_away = False
            revision = uses.board_revision
            if not uses.votes or _yields(uses):
                await self._give_way(shard, not uses.votes and uses.others_vote)
        except TwoServers:
            pass  # the next vote raises it
        except (*DATABASE_AWAY, *REDIS_AWAY, VotesUnavailable):
            self._is_away = True
        self._reported[shard] = time.monotonic()
        if shard == 0:
            self.on_report(revision)

    async def wait_until_free(
        self, db: Connection, shard: int, server: str, *, patiently: bool
    ) -> None:
        """Return when no other server accepts votes. Raises TwoServers if one is in use.

        `patiently`: nothing says that this is the same server before a restart. Another one that is in
        use would be reported within the lease; after an outage of PostgreSQL it is not yet.
        """
        deadline = time.monotonic() + 2 * LEASE_SECONDS
        while True:
            uses = await self._upsert(db, shard, server, votes=False)
            is_free = not uses.others_vote and not (uses.others_work and not uses.has_worker)
            if is_free and not (patiently and uses.used_for < LEASE_SECONDS):
                return
            if (uses.side_by_side and not is_free) or time.monotonic() > deadline:
                raise TwoServers
            await asyncio.sleep(PAUSE_SECONDS)

    async def take(self, db: Connection, shard: int, server: str) -> None:
        """Report that the server accepts votes from now on, in the transaction that puts it in charge.

        Raises TwoServers if another one was faster.
        """
        uses = await self._upsert(db, shard, server, votes=True)
        if uses.others_vote:
            raise TwoServers
        await queries.delete_old_uses(db)

    async def stop(self, db: Connection, shard: int, server: str) -> None:
        """Report that the server accepts no votes any more."""
        await queries.update_votes_stopped(db, shard, server)

    async def _upsert(
        self, db: Connection | Pool, shard: int, server: str, *, votes: bool | None
    ) -> Uses:
        process, address = self._process, self._address
        return await queries.upsert_use(db, process, shard, server, address, votes, self._is_worker)


def _report_every_second(servers: "weakref.ref[ServersInUse]", shard: int) -> None:
    """Report until the process has closed its services or dropped them."""
    reporter = servers()
    if reporter is None or reporter.is_closed:
        return
    reporter.start(shard)
    loop = asyncio.get_running_loop()
    loop.call_later(until_next(REPORT_SECONDS), _report_every_second, servers, shard)


def _yields(uses: Uses) -> bool:
    """Return whether the events of this server would wait for a worker that only the other one has."""
    return uses.side_by_side and uses.others_work and not uses.has_worker
