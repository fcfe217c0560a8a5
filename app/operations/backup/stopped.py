"""Checks that web and worker are stopped, for commands that must be alone on the database."""

import asyncio
import time

from asyncpg import Connection

from app.errors import OperatorError
from app.operations.backup import queries

# PostgreSQL notices only after a moment that a process has ended and closes its connection.
TIMEOUT_SECONDS = 5.0


async def check_stopped(db: Connection) -> None:
    """Return when web and worker have no more connections to this database.

    Raises OperatorError if they still have some after TIMEOUT_SECONDS.
    """
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while others := await queries.count_other_connections(db):
        if time.monotonic() > deadline:
            raise OperatorError(f"web or worker is connected ({others} connections): stop both first")
        await asyncio.sleep(0.1)
