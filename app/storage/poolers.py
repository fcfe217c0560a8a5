"""Finds out whether a pooler in transaction mode, which this board cannot use, is in front."""

import asyncpg

from app.storage.queries import select_backend

TIMEOUT_SECONDS = 2.0
PROBLEM = (
    "DATABASE_URL leads to a pooler in transaction mode, in which prepared statements and locks of a "
    "session are lost"
)
ADVICE = "Set pool_mode = session there, or let DATABASE_URL lead to PostgreSQL itself"


async def is_transaction_pooler(url: str) -> bool:
    """Return whether a connection to this URL changes its server process between two statements.

    While a second connection is in a transaction, the first one cannot get the process back that it
    had. Raises what asyncpg.connect raises.
    """
    first = await _connect(url)
    try:
        second = await _connect(url)
        try:
            before = await select_backend(first)
            async with second.transaction():
                await select_backend(second)
                return await select_backend(first) != before
        finally:
            second.terminate()
    finally:
        first.terminate()


async def _connect(url: str) -> asyncpg.Connection:
    return await asyncpg.connect(
        url, timeout=TIMEOUT_SECONDS, command_timeout=TIMEOUT_SECONDS, statement_cache_size=0
    )
