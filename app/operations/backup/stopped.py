"""Checks that web and worker are stopped, for commands that must be alone on the database."""

import asyncio
import time

import asyncpg
from asyncpg import Connection

from app.errors import OperatorError
from app.operations.backup import queries

# PostgreSQL notices only after a moment that a process has ended and closes its connection.
TIMEOUT_SECONDS = 5.0
SOCKET = "with systemd also upvote-web.socket, which starts web again with the next visitor"


async def check_stopped(db: Connection) -> None:
    """Return when web and worker have no more connections to this database.

    Raises OperatorError if they still have some after TIMEOUT_SECONDS.
    """
    if others := await _others(db):
        raise OperatorError(
            f"web or worker is connected ({others} connections): stop both first, {SOCKET}"
        )


async def check_still_stopped(database_url: str | None, what: str, then: str) -> None:
    """Return if web and worker have not begun since check_stopped, at the end of a command.

    Raises OperatorError with `what` may be wrong, and what to do `then`, when both are stopped.
    """
    db = await asyncpg.connect(database_url)
    try:
        if await _others(db):
            raise OperatorError(
                f"web or worker was started meanwhile, so {what}: stop both, {SOCKET}, {then}"
            )
    finally:
        await db.close()


async def _others(db: Connection) -> int:
    """Return how many connections others have, after TIMEOUT_SECONDS if they have some."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while (others := await queries.count_other_connections(db)) and time.monotonic() <= deadline:
        await asyncio.sleep(0.1)
    return others
