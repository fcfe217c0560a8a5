"""Opens connections to PostgreSQL with the limits that it keeps by itself when our process cannot."""

import asyncio
import contextlib
from typing import Any

import asyncpg

from app.single_flight import retrieve_exception
from app.storage.queries import update_session
from app.storage.timeouts import (
    CONNECT_SECONDS,
    IDLE_TRANSACTION_SECONDS,
    LOCK_SECONDS,
    PEER_SECONDS,
    within,
)

NAMES = {"application_name": "upvote", "timezone": "UTC"}
# A process that froze or vanished must not keep its locks: the default of PostgreSQL is two hours.
LIMITS = {
    "idle_in_transaction_session_timeout": f"{1000 * IDLE_TRANSACTION_SECONDS:.0f}",
    "lock_timeout": f"{1000 * LOCK_SECONDS:.0f}",
    "tcp_user_timeout": f"{1000 * PEER_SECONDS:.0f}",
    "tcp_keepalives_idle": f"{PEER_SECONDS - 3:.0f}",
    "tcp_keepalives_interval": "1",
    "tcp_keepalives_count": "3",
    # One statement takes one core at most, since votes need another one.
    "max_parallel_workers_per_gather": "0",
}


class Connecting:
    """Opens the connections of one pool.

    Connecting goes on when its caller gives up, and the next caller gets that connection. Otherwise a
    network that is slower than a caller's time limit would never give one.
    """

    def __init__(self) -> None:
        self._abandoned: list[asyncio.Task[Any]] = []

    async def connect(self, *args: Any, **options: Any) -> Any:
        """Return a connection. Takes what asyncpg.connect takes."""
        while self._abandoned:
            task = self._abandoned.pop(0)
            if task.done() and (task.cancelled() or task.exception()):
                continue
            connection = await self._wait(task)
            if not connection.is_closed():
                return connection
        return await self._wait(asyncio.create_task(self._connect(*args, **options)))

    def cancel(self) -> None:
        """End what nobody waits for any more."""
        for task in self._abandoned:
            if task.done() and not task.cancelled() and not task.exception():
                task.result().terminate()
            task.cancel()
        self._abandoned.clear()

    async def _wait(self, task: asyncio.Task[Any]) -> Any:
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            task.add_done_callback(retrieve_exception)
            self._abandoned.append(task)
            raise

    async def _connect(self, *args: Any, **options: Any) -> Any:
        async with within(CONNECT_SECONDS):
            with contextlib.suppress(asyncpg.ProtocolViolationError):
                return await asyncpg.connect(*args, **options, server_settings=NAMES | LIMITS)
            # PgBouncer refuses parameters of a session that it does not know, unless it was told to
            # ignore them.
            connection = await asyncpg.connect(*args, **options, server_settings=NAMES)
            await update_session(connection, LIMITS)
            return connection
