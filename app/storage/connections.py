"""Connections to PostgreSQL and Redis with time-outs, for the web, the worker and the commands."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from functools import wraps
from math import inf
from typing import Any

import asyncpg
import asyncpg.transaction

from app.settings import Settings
from app.single_flight import retrieve_exception
from app.storage.away import DATABASE_AWAY
from app.storage.outages import outages
from app.storage.postgres_sessions import Connecting
from app.storage.redis_client import RedisClient
from app.storage.redis_pool import open_redis_pool
from app.storage.timeouts import (
    ACQUIRE_SECONDS,
    BACKSTOP_SECONDS,
    LEAVE_SECONDS,
    MAX_STRETCH,
    QUERY_SECONDS,
    RELEASE_SECONDS,
    within,
)

# The server cannot do what we ask, and perhaps another one has taken its place: behind the same address
# a new connection may find that one.
WRONG_SERVER = (asyncpg.ReadOnlySQLTransactionError, asyncpg.CannotConnectNowError)

# How long (s) a pool keeps a connection that nobody uses: each takes 5 MB of PostgreSQL's memory.
IDLE_SECONDS = 60

Method = Callable[..., Awaitable[Any]]


def _limited(method: Method) -> Method:
    """Add a time-out to a method of asyncpg's connections; stalls of this process hardly count."""

    @wraps(method)
    async def limited(self: Any, *args: Any, timeout: float | None = None, **options: Any) -> Any:  # noqa: ASYNC109
        try:
            async with within(timeout or self.query_seconds):
                answer = await method(self, *args, **options)
        except (TimeoutError, asyncio.CancelledError):
            self.is_abandoned = True
            raise
        except WRONG_SERVER as error:
            outages.fail("PostgreSQL", error)
            await self.leave_server()
            raise
        except RuntimeError as error:
            # uvloop raises it for a connection that was reset before asyncpg writes.
            raise asyncpg.ConnectionDoesNotExistError(str(error)) from error
        if outages.away:
            outages.succeed("PostgreSQL")
        return answer

    return limited


class Transaction(asyncpg.transaction.Transaction):
    """A transaction that a request whose time is over does not roll back itself.

    The release of its connection does, and nobody waits for that. After any other error the same
    connection may be used again, so the transaction has to end first.
    """

    async def __aexit__(self, kind: Any, error: BaseException | None, traceback: Any) -> None:
        if isinstance(error, asyncio.CancelledError) and self._connection.is_abandoned:
            return
        await super().__aexit__(kind, error, traceback)


class Connection(asyncpg.Connection):
    """A connection whose statements raise TimeoutError after `query_seconds`."""

    query_seconds = QUERY_SECONDS
    leave_server: Callable[[], Awaitable[None]]  # of the pool
    is_abandoned = False  # a statement of this holder may still run

    def get_reset_query(self) -> str:
        """Return nothing to do between two users of a connection: that would be one round trip more.

        A transaction that was left open is rolled back all the same. No statement of ours leaves
        anything else in a session.
        """
        return ""

    def transaction(
        self, *, isolation: Any = None, readonly: bool = False, deferrable: bool = False
    ) -> Transaction:
        return Transaction(self, isolation, readonly, deferrable)

    fetch = _limited(asyncpg.Connection.fetch)
    fetchrow = _limited(asyncpg.Connection.fetchrow)
    fetchval = _limited(asyncpg.Connection.fetchval)
    execute = _limited(asyncpg.Connection.execute)
    executemany = _limited(asyncpg.Connection.executemany)


class Pool(asyncpg.Pool):
    """A pool with a limit on waiting: while PostgreSQL is away, the queue would only grow."""

    waiting = 0  # callers that wait for a connection
    connecting: Connecting
    _left_at = -inf  # when the connections left their server last; monotonic, s

    async def leave_server(self) -> None:
        """Close the connections, each when it is free: new ones may reach another server.

        Does nothing within LEAVE_SECONDS of the last time.
        """
        if time.monotonic() - self._left_at < LEAVE_SECONDS:
            return
        self._left_at = time.monotonic()
        await self.expire_connections()

    def terminate(self) -> None:
        self.connecting.cancel()
        super().terminate()

    def acquire(self, *, timeout: float | None = ACQUIRE_SECONDS) -> Any:
        return super().acquire(timeout=timeout)

    async def release(self, connection: Any, *, timeout: float | None = None) -> None:  # noqa: ASYNC109
        """Return a connection to the pool and suppress errors, since its caller already has its result.

        If the release fails, asyncpg closes the connection and the pool opens another one. A statement
        that was given up is cancelled over another connection, which nobody waits for.
        """
        held = connection._con  # None: it was closed
        is_abandoned = held is not None and held.is_abandoned
        if is_abandoned:
            held.is_abandoned = False
        work = super().release(connection, timeout=MAX_STRETCH * RELEASE_SECONDS)
        releasing = asyncio.ensure_future(work)
        releasing.add_done_callback(retrieve_exception)
        if is_abandoned:
            return
        with contextlib.suppress(*DATABASE_AWAY):
            async with within(RELEASE_SECONDS):
                await asyncio.shield(releasing)

    async def _acquire(self, timeout: float | None) -> Any:  # noqa: ASYNC109 - asyncpg names it so
        self.waiting += 1
        try:
            async with within(timeout or ACQUIRE_SECONDS):
                return await super()._acquire(None)
        except DATABASE_AWAY as error:
            outages.fail("PostgreSQL", error)
            raise
        finally:
            self.waiting -= 1


async def open_database(
    settings: Settings, *, max_size: int = 10, query_seconds: float = QUERY_SECONDS
) -> Pool:
    """Return a pool that connects on first use, so a process can start while PostgreSQL is away."""
    kind = type("Connection", (Connection,), {"query_seconds": query_seconds})
    connecting = Connecting()
    pool = Pool(
        settings.database_url,
        min_size=0,
        max_size=max_size,
        max_queries=50_000,
        max_inactive_connection_lifetime=IDLE_SECONDS,
        loop=None,
        connect=connecting.connect,
        connection_class=kind,
        record_class=asyncpg.Record,
        # The limits of asyncpg also count stalls. They apply to calls without a limit above: cursors,
        # COPY.
        timeout=BACKSTOP_SECONDS,
        command_timeout=max(BACKSTOP_SECONDS, MAX_STRETCH * query_seconds),
    )
    pool.connecting = connecting
    kind.leave_server = staticmethod(pool.leave_server)  # type: ignore[attr-defined]
    return await pool


def open_redis(settings: Settings) -> RedisClient:
    """Return a client that connects on first use. Its calls raise TimeoutError after REDIS_SECONDS."""
    # RedisClient limits the whole call, so a read needs no limit of its own.
    client = RedisClient(connection_pool=open_redis_pool(settings.redis_url or "", socket_timeout=None))
    client.auto_close_connection_pool = True
    return client
