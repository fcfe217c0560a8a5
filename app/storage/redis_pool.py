"""The connections of one process to Redis: opened side by side, and left when their server is wrong.

redis-py's own pool connects under a lock: with a slow network each caller waits for all who came before
it. And it keeps a connection to a primary that has become a replica, so votes would fail for ever.
"""

import asyncio
import contextlib
import time
from math import inf
from typing import Any

import hiredis
from redis.asyncio.connection import AbstractConnection, ConnectionPool
from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    ConnectionError,
    MasterDownError,
    ReadOnlyError,
)

from app.single_flight import retrieve_exception
from app.storage.timeouts import BACKSTOP_SECONDS, CONNECT_SECONDS, LEAVE_SECONDS, within

MAX_CONNECTIONS = 100

# The address leads to a server that cannot serve us now, perhaps because another one has taken its
# place: behind the same address a new connection may find that one.
WRONG_SERVER = (ReadOnlyError, BusyLoadingError, MasterDownError, AuthenticationError)


class RedisPool(ConnectionPool):
    """A pool in which callers wait for each other only when all connections are in use.

    Connecting goes on when its caller gives up, so that the next caller finds the connection. Otherwise
    a network that is slower than a caller's time limit would never give one.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._slots = asyncio.Semaphore(self.max_connections)
        self._generation = 0
        self._left_at = -inf  # monotonic, s
        self._born: dict[AbstractConnection, int] = {}  # connected connections -> generation
        self._connecting: set[asyncio.Task[None]] = set()

    async def get_connection(
        self, command_name: Any = None, *keys: Any, **options: Any
    ) -> AbstractConnection:
        await self._slots.acquire()
        try:
            connection: AbstractConnection = self.get_available_connection()
        except BaseException:
            self._slots.release()
            raise
        try:
            if connection.is_connected and await self._is_usable(connection):
                return connection
        except BaseException:
            self._free(connection)
            raise
        connecting = asyncio.create_task(self._connect(connection))
        self._connecting.add(connecting)
        connecting.add_done_callback(self._connecting.discard)
        connecting.add_done_callback(retrieve_exception)  # its caller may give up before it fails
        try:
            await asyncio.shield(connecting)
        except BaseException:
            # The connection is free when connecting has ended, in whichever way.
            if connecting.done():
                self._free(connection)
            else:
                connecting.add_done_callback(lambda _: self._free(connection))
            raise
        return connection

    async def release(self, connection: AbstractConnection) -> None:
        if connection.is_connected and self._born.get(connection) != self._generation:
            await connection.disconnect(nowait=True)
        self._free(connection)

    async def leave_server(self) -> None:
        """Close the connections, each when it is free: new ones may reach another server.

        Does nothing within LEAVE_SECONDS of the last time.
        """
        if time.monotonic() - self._left_at < LEAVE_SECONDS:
            return
        self._left_at = time.monotonic()
        self._generation += 1
        for connection in self._available_connections:
            await connection.disconnect(nowait=True)

    async def aclose(self) -> None:
        for task in self._connecting:
            task.cancel()
        await super().aclose()

    async def _is_usable(self, connection: AbstractConnection) -> bool:
        """Return False after disconnecting if the server has closed it, or it holds an old reply."""
        with contextlib.suppress(ConnectionError, OSError):
            if not await connection.can_read_destructive():
                return True
        await connection.disconnect(nowait=True)
        return False

    async def _connect(self, connection: AbstractConnection) -> None:
        generation = self._generation
        try:
            async with within(CONNECT_SECONDS):
                await connection.connect()
            self._born[connection] = generation
        except BaseException:
            await connection.disconnect(nowait=True)
            raise

    def _free(self, connection: AbstractConnection) -> None:
        self._in_use_connections.discard(connection)
        # Callers take the last one: one that is connected, and that was used a moment ago.
        at = len(self._available_connections) if connection.is_connected else 0
        self._available_connections.insert(at, connection)
        self._slots.release()


class _Upvotes:
    """A mixin for redis-py's connections: encodes in C, and names every broken connection as one."""

    def pack_command(self, *args: Any) -> list[bytes]:
        # The asyncio clients of redis-py 5 encode in Python, where each of the about 450 arguments of a
        # batch of 64 votes took about 1 µs. Some command names are two words, like FUNCTION LOAD; the
        # protocol needs them as two arguments.
        name, *others = args
        words = name.split() if isinstance(name, str) else (name,)
        return [hiredis.pack_command((*words, *others))]

    async def send_packed_command(self, *args: Any, **options: Any) -> None:
        try:
            await super().send_packed_command(*args, **options)  # type: ignore[misc]
        except RuntimeError as error:
            # uvloop raises it for a connection that was reset before we write.
            raise ConnectionError(f"the connection to Redis has ended: {error}") from error


def open_redis_pool(url: str, *, socket_timeout: float | None) -> RedisPool:
    """Return a pool that connects on first use; `socket_timeout` limits a read and a write (s)."""
    # redis-py checks who signed the certificate, but not for which name: any certificate of the same
    # authority would do. The URL can say ssl_check_hostname=false.
    tls = {"ssl_check_hostname": True} if url.startswith("rediss:") else {}
    pool: RedisPool = RedisPool.from_url(
        url,
        **tls,
        socket_timeout=socket_timeout,
        socket_connect_timeout=BACKSTOP_SECONDS,  # CONNECT_SECONDS comes first
        max_connections=MAX_CONNECTIONS,
        lib_name=None,  # each of the two would be sent with every new connection
        lib_version=None,
    )
    made = pool.connection_class
    pool.connection_class = type(f"Upvotes{made.__name__}", (_Upvotes, made), {})
    return pool
