"""Connections to PostgreSQL and Redis with time-outs, for the web, the worker and the commands."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any

import asyncpg
from redis.exceptions import RedisClusterException, RedisError

from app.settings import Settings
from app.storage.redis_client import RedisClient
from app.storage.redis_packing import with_c_packing
from app.storage.timeouts import (
    ACQUIRE_SECONDS,
    BACKSTOP_SECONDS,
    MAX_STRETCH,
    QUERY_SECONDS,
    RELEASE_SECONDS,
    within,
)

# asyncpg raises these when PostgreSQL is away, starts, stops or does not answer in time. It raises the
# last ones before OSError when PostgreSQL refuses the login or has no schema yet; for visitors and jobs
# that is the same outage, and only the operator needs to know the difference.
DATABASE_AWAY = (
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # a connection that broke in the middle of a message
    asyncpg.TooManyConnectionsError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.InsufficientPrivilegeError,
    asyncpg.UndefinedTableError,
    asyncpg.UndefinedFunctionError,
    OSError,
    TimeoutError,
)

# redis-py raises these when Redis or a Cluster is away or does not answer in time. TimeoutError is a
# subclass of OSError.
REDIS_AWAY = (RedisError, RedisClusterException, OSError)

Method = Callable[..., Awaitable[Any]]


def _limited(method: Method) -> Method:
    """Add a time-out to a method of asyncpg's connections; stalls of this process hardly count."""

    @wraps(method)
    async def limited(self: Any, *args: Any, timeout: float | None = None, **options: Any) -> Any:  # noqa: ASYNC109
        async with within(timeout or self.query_seconds):
            return await method(self, *args, **options)

    return limited


class Connection(asyncpg.Connection):
    """A connection whose statements raise TimeoutError after `query_seconds`."""

    query_seconds = QUERY_SECONDS

    fetch = _limited(asyncpg.Connection.fetch)
    fetchrow = _limited(asyncpg.Connection.fetchrow)
    fetchval = _limited(asyncpg.Connection.fetchval)
    execute = _limited(asyncpg.Connection.execute)
    executemany = _limited(asyncpg.Connection.executemany)


class Pool(asyncpg.Pool):
    """A pool with a limit on waiting: while PostgreSQL is away, the queue would only grow."""

    waiting = 0  # callers that wait for a connection

    def acquire(self, *, timeout: float | None = ACQUIRE_SECONDS) -> Any:
        return super().acquire(timeout=timeout)

    async def release(self, connection: Any, *, timeout: float | None = None) -> None:  # noqa: ASYNC109
        """Return a connection to the pool and suppress errors, since its caller already has its result.

        If the release fails, asyncpg closes the connection and the pool opens another one.
        """
        work = super().release(connection, timeout=MAX_STRETCH * RELEASE_SECONDS)
        releasing = asyncio.ensure_future(work)
        releasing.add_done_callback(_retrieve_exception)
        with contextlib.suppress(*DATABASE_AWAY):
            async with within(RELEASE_SECONDS):
                await asyncio.shield(releasing)

    async def _acquire(self, timeout: float | None) -> Any:  # noqa: ASYNC109 - asyncpg names it so
        self.waiting += 1
        try:
            async with within(timeout or ACQUIRE_SECONDS):
                return await super()._acquire(None)
        finally:
            self.waiting -= 1


async def open_database(
    settings: Settings, *, max_size: int = 10, query_seconds: float = QUERY_SECONDS
) -> Pool:
    """Return a pool that connects on first use, so a process can start while PostgreSQL is away."""
    kind = type("Connection", (Connection,), {"query_seconds": query_seconds})
    return await Pool(
        settings.database_url,
        min_size=0,
        max_size=max_size,
        max_queries=50_000,
        max_inactive_connection_lifetime=300,
        loop=None,
        connection_class=kind,
        record_class=asyncpg.Record,
        # The limits of asyncpg also count stalls. They apply to calls without a limit above: cursors,
        # COPY.
        timeout=BACKSTOP_SECONDS,
        command_timeout=max(BACKSTOP_SECONDS, MAX_STRETCH * query_seconds),
        server_settings={"application_name": "upvote", "timezone": "UTC"},
    )


def open_redis(settings: Settings) -> RedisClient:
    """Return a client that connects on first use. Its calls raise TimeoutError after REDIS_SECONDS."""
    client = RedisClient.from_url(
        settings.redis_url or "",
        socket_timeout=None,  # RedisClient limits the whole call
        socket_connect_timeout=BACKSTOP_SECONDS,
        max_connections=100,
    )
    pool = client.connection_pool
    pool.connection_class = with_c_packing(pool.connection_class)
    return client


def _retrieve_exception(task: "asyncio.Future[None]") -> None:
    """Retrieve the exception of a release that nobody waits for any more: asyncio would log it."""
    if not task.cancelled():
        task.exception()
