"""Connections to PostgreSQL and Redis: web, worker and commands open them here, all with time-outs."""

import contextlib
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any

import asyncpg
from redis.exceptions import RedisClusterException, RedisError

from app.settings import Settings
from app.storage.redis_client import RedisClient
from app.storage.redis_packing import packed
from app.storage.timeouts import (
    ACQUIRE_SECONDS,
    BACKSTOP_SECONDS,
    MOST_STRETCH,
    QUERY_SECONDS,
    RELEASE_SECONDS,
    within,
)

# What asyncpg raises when PostgreSQL is away, starting, stopping or does not answer in time; and when
# it does not let us in or has nothing of ours yet, which is the same to everybody but the operator.
DATABASE_AWAY = (
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # a connection that broke in the middle of its protocol
    asyncpg.TooManyConnectionsError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.InsufficientPrivilegeError,
    asyncpg.UndefinedTableError,
    asyncpg.UndefinedFunctionError,
    OSError,
    TimeoutError,
)

# What redis-py raises when Redis or a Cluster is away or does not answer in time. (TimeoutError is an
# OSError.)
REDIS_AWAY = (RedisError, RedisClusterException, OSError)

Method = Callable[..., Awaitable[Any]]


def _limited(method: Method) -> Method:
    """Gives a method of asyncpg's connections a time-out that hardly counts our own stalls."""

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
    """A pool in which nobody queues for long: with PostgreSQL away the queue would only grow."""

    waiting = 0  # callers that have no connection yet

    def acquire(self, *, timeout: float | None = ACQUIRE_SECONDS) -> Any:
        return super().acquire(timeout=timeout)

    async def release(self, connection: Any, *, timeout: float | None = None) -> None:  # noqa: ASYNC109
        """Takes a connection back. Its statement is done, so what fails from now on is not its caller's
        affair: asyncpg then closes the connection, and the pool makes another.
        """
        with contextlib.suppress(*DATABASE_AWAY):
            async with within(RELEASE_SECONDS):
                await super().release(connection, timeout=MOST_STRETCH * RELEASE_SECONDS)

    async def _acquire(self, timeout: float | None) -> Any:  # noqa: ASYNC109 - asyncpg names it so
        self.waiting += 1
        try:
            async with within(timeout or ACQUIRE_SECONDS):
                return await super()._acquire(None)
        finally:
            self.waiting -= 1


async def open_database(
    settings: Settings, *, largest: int = 10, query_seconds: float = QUERY_SECONDS
) -> Pool:
    """A pool that connects on first use, so that a process starts while PostgreSQL is away."""
    kind = type("Connection", (Connection,), {"query_seconds": query_seconds})
    return await Pool(
        settings.database_url,
        min_size=0,
        max_size=largest,
        max_queries=50_000,
        max_inactive_connection_lifetime=300,
        loop=None,
        connection_class=kind,
        record_class=asyncpg.Record,
        # asyncpg's own limits count stalls. They are for what has none of ours: cursors, COPY.
        timeout=BACKSTOP_SECONDS,
        command_timeout=max(BACKSTOP_SECONDS, MOST_STRETCH * query_seconds),
        server_settings={"application_name": "upvote", "timezone": "UTC"},
    )


def open_redis(settings: Settings) -> RedisClient:
    """A client that connects on first use; a call fails after REDIS_SECONDS instead of hanging."""
    client = RedisClient.from_url(
        settings.redis_url or "",
        socket_timeout=None,  # RedisClient has a limit for the whole of a question
        socket_connect_timeout=BACKSTOP_SECONDS,
        max_connections=100,
    )
    pool = client.connection_pool
    pool.connection_class = packed(pool.connection_class)
    return client
