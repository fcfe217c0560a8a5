"""The SQL of the migrations' own table, which dbmate keeps, and of sessions: their limits and locks."""

from collections.abc import Mapping

from asyncpg import Connection

from app.storage.timeouts import IDLE_TRANSACTION_SECONDS


async def select_migrations(db: Connection) -> list[str]:
    """Return the versions of the migrations that the database has, in order."""
    rows = await db.fetch("SELECT version FROM schema_migrations ORDER BY version")
    return [row["version"] for row in rows]


def count_rows(status: str) -> int:
    """Return how many rows a statement has written, by what PostgreSQL says about it: "INSERT 0 3"."""
    return int(status.rsplit(" ", 1)[-1])


async def update_session(db: Connection, values: Mapping[str, str]) -> None:
    """Set parameters of the session."""
    await db.execute(
        """
        SELECT set_config(name, value, false)
        FROM unnest($1::text[], $2::text[]) AS given (name, value)
        """,
        list(values),
        list(values.values()),
    )


async def allow_idle_transaction(db: Connection, seconds: float) -> None:
    """Let this transaction wait for its process that long between two statements."""
    await db.execute(f"SET LOCAL idle_in_transaction_session_timeout = {1000 * seconds:.0f}")


async def lock_session(db: Connection, key: tuple[int, int]) -> None:
    """Wait until no other session has this lock, and keep it until unlock_session() or the end.

    PostgreSQL ends the session if its process does nothing for IDLE_TRANSACTION_SECONDS. After an error
    here the caller ends it, since the session may have the lock.
    """
    await db.execute(
        "SELECT pg_advisory_lock($1, $2), set_config('idle_session_timeout', $3, false)",
        *key,
        f"{1000 * IDLE_TRANSACTION_SECONDS:.0f}",
    )


async def unlock_session(db: Connection, key: tuple[int, int]) -> None:
    """Give up a lock of lock_session()."""
    await db.execute(
        "SELECT pg_advisory_unlock($1, $2), set_config('idle_session_timeout', '0', false)", *key
    )


async def select_backend(db: Connection) -> int:
    """Return the id of the server process that answers this statement."""
    return await db.fetchval("SELECT pg_backend_pid()")
