"""The SQL of withdrawals."""

from dataclasses import dataclass
from datetime import datetime

from asyncpg import Connection, Pool


@dataclass(frozen=True)
class Withdrawal:
    """The progress of withdrawing a user's votes; `left` is how many remain, by the last persist."""

    requested_at: datetime
    total: int
    left: int
    finished_at: datetime | None


async def insert_withdrawal(db: Connection, user_id: int) -> int:
    """Ask the worker to withdraw a user's votes; return how many there are. Safe to repeat."""
    return await db.fetchval(
        """
        INSERT INTO withdrawals (user_id, total) SELECT $1, count(*) FROM votes WHERE user_id = $1
        ON CONFLICT (user_id) DO UPDATE
        SET requested_at = now(), total = excluded.total, finished_at = NULL
        RETURNING total
        """,
        user_id,
    )


async def select_withdrawal(db: Pool, user_id: int) -> Withdrawal | None:
    """Return a user's withdrawal, or None if none was requested."""
    row = await db.fetchrow(
        """
        SELECT requested_at, total, finished_at,
               (SELECT count(*) FROM votes WHERE votes.user_id = withdrawals.user_id) AS left
        FROM withdrawals WHERE user_id = $1
        """,
        user_id,
    )
    return row and Withdrawal(**row)


async def select_unfinished(db: Pool) -> list[int]:
    """Return the users whose votes are to be withdrawn, the oldest request first."""
    rows = await db.fetch(
        "SELECT user_id FROM withdrawals WHERE finished_at IS NULL ORDER BY requested_at LIMIT 1000"
    )
    return [row["user_id"] for row in rows]


async def select_grace_is_over(db: Pool, user_id: int, grace: int) -> bool:
    """Return whether the request is older than `grace` seconds, so the user can cast no more votes."""
    return await db.fetchval(
        "SELECT requested_at < now() - make_interval(secs => $2) FROM withdrawals WHERE user_id = $1",
        user_id,
        grace,
    )


async def select_voted_ids(db: Pool, user_id: int, after: int, count: int) -> list[int]:
    """Return the ids of `count` projects that a user has a vote on, in order, after the id `after`."""
    rows = await db.fetch(
        """
        SELECT project_id FROM votes WHERE user_id = $1 AND project_id > $2
        ORDER BY project_id LIMIT $3
        """,
        user_id,
        after,
        count,
    )
    return [row["project_id"] for row in rows]


async def update_finished(db: Pool, user_id: int) -> None:
    """Mark a user's withdrawal as finished."""
    await db.execute("UPDATE withdrawals SET finished_at = now() WHERE user_id = $1", user_id)
