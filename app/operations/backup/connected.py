"""The check that web and worker are stopped, for commands that must have the database to themselves."""

import asyncio
import time

from asyncpg import Connection

from app.errors import OperatorError
from app.operations.backup import queries

# PostgreSQL notices a moment later that a process has ended, so a connection gets this long to go.
PATIENCE_SECONDS = 5.0


async def check_nobody_is_connected(db: Connection) -> None:
    """Return once web and worker have no connection to this database.

    Raises OperatorError if they still have one after PATIENCE_SECONDS.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while others := await queries.count_other_connections(db):
        if time.monotonic() > deadline:
            raise OperatorError(f"web or worker is connected ({others} connections): stop them first")
        await asyncio.sleep(0.1)
