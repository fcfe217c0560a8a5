"""Connections to PostgreSQL and Redis: web, worker and commands open them here, all with time-outs."""

from typing import Any

import asyncpg

from app.cluster import AnyRedis
from app.packing import packed
from app.settings import Settings

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

CONNECT_SECONDS = 1.0
ACQUIRE_SECONDS = 1.0
REDIS_SECONDS = 1.0
# Sessions answer 503 within 2 s when PostgreSQL is away; batch jobs pass a longer one.
QUERY_SECONDS = 1.0


class Pool(asyncpg.Pool):
    """A pool in which nobody queues for long: with PostgreSQL away the queue would only grow."""

    waiting = 0  # callers that have no connection yet

    def acquire(self, *, timeout: float | None = ACQUIRE_SECONDS) -> Any:
        return super().acquire(timeout=timeout)

    async def _acquire(self, timeout: float | None) -> Any:  # noqa: ASYNC109 - asyncpg names it so
        self.waiting += 1
        try:
            return await super()._acquire(timeout)
        finally:
            self.waiting -= 1


async def open_database(
    settings: Settings, *, largest: int = 10, query_seconds: float = QUERY_SECONDS
) -> Pool:
    """A pool that connects on first use, so that a process starts while PostgreSQL is away."""
    return await Pool(
        settings.database_url,
        min_size=0,
        max_size=largest,
        max_queries=50_000,
        max_inactive_connection_lifetime=300,
        loop=None,
        connection_class=asyncpg.Connection,
        record_class=asyncpg.Record,
        timeout=CONNECT_SECONDS,
        command_timeout=query_seconds,
        server_settings={"application_name": "upvote", "timezone": "UTC"},
    )


def open_redis(settings: Settings) -> AnyRedis:
    """A client that connects on first use; a call fails after a second instead of hanging."""
    client = AnyRedis.from_url(
        settings.redis_url or "",
        socket_timeout=REDIS_SECONDS,
        socket_connect_timeout=REDIS_SECONDS,
        max_connections=100,
    )
    pool = client.connection_pool
    pool.connection_class = packed(pool.connection_class)
    return client
