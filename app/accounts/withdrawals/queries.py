"""The SQL of withdrawals."""

from dataclasses import dataclass
from datetime import datetime

from asyncpg import Connection, Pool

# Whether the account of a withdrawal is deleted, or has been suspended since before it. A scalar
# subquery looks users up one by one; for a join, the planner might read the whole table.
_ENDED = "(SELECT deleted_at IS NOT NULL OR suspended_at <= requested_at FROM users WHERE id = user_id)"
# Whether the votes leave after the end of voting too: not if it was their owner who wanted it.
LEAVES_AFTER_END = "(by_moderator OR deleted_at IS NULL)"
# The users who can have no votes, because theirs were withdrawn.
WITHDRAWN = f"SELECT user_id FROM withdrawals WHERE finished_at IS NOT NULL AND {_ENDED}"  # noqa: S608

# Those that ended less than $1 seconds ago, and whose users have votes by now.
_REOPENED = f"""
    finished_at > now() - make_interval(secs => $1) AND {_ENDED}
    AND EXISTS (SELECT FROM votes WHERE votes.user_id = withdrawals.user_id)
"""


@dataclass(frozen=True)
class Withdrawal:
    """The progress of withdrawing a user's votes; `left` is how many remain, by the last persist."""

    requested_at: datetime
    total: int
    left: int
    finished_at: datetime | None
    by_moderator: bool


async def insert_withdrawal(db: Connection, user_id: int, *, by_moderator: bool = False) -> int:
    """Ask the worker to withdraw a user's votes; return how many there are. Safe to repeat.

    What a moderator has requested stays a moderator's request when its account is deleted meanwhile.
    """
    return await db.fetchval(
        """
        INSERT INTO withdrawals (user_id, total, by_moderator)
        SELECT $1, count(*), $2 FROM votes WHERE user_id = $1
        ON CONFLICT (user_id) DO UPDATE
        SET requested_at = now(), total = excluded.total, finished_at = NULL,
            by_moderator = excluded.by_moderator
                OR (withdrawals.by_moderator AND withdrawals.finished_at IS NULL)
        RETURNING total
        """,
        user_id,
        by_moderator,
    )


async def select_withdrawal(db: Pool, user_id: int) -> Withdrawal | None:
    """Return a user's withdrawal, or None if none was requested."""
    row = await db.fetchrow(
        """
        SELECT requested_at, total, finished_at, by_moderator,
               (SELECT count(*) FROM votes WHERE votes.user_id = withdrawals.user_id) AS left
        FROM withdrawals WHERE user_id = $1
        """,
        user_id,
    )
    return row and Withdrawal(**row)


async def select_has_work(db: Pool, seconds: int, *, deleted_too: bool) -> bool:
    """Return whether `update_reopened` or `select_unfinished` would find a withdrawal."""
    return await db.fetchval(
        f"""
        SELECT EXISTS (SELECT FROM withdrawals WHERE {_REOPENED})
            OR EXISTS (SELECT FROM withdrawals JOIN users ON users.id = user_id
                       WHERE finished_at IS NULL AND ($2 OR {LEAVES_AFTER_END}))
        """,  # noqa: S608
        seconds,
        deleted_too,
    )


async def select_unfinished(db: Pool, *, deleted_too: bool) -> list[tuple[int, bool]]:
    """Return the users whose votes are to be withdrawn, the oldest request first.

    With each, whether that is because the account was deleted, and not because a moderator requested
    it; these are left out unless `deleted_too`.
    """
    rows = await db.fetch(
        f"""
        SELECT user_id, NOT {LEAVES_AFTER_END} AS deleted
        FROM withdrawals JOIN users ON users.id = user_id
        WHERE finished_at IS NULL AND ($1 OR {LEAVES_AFTER_END})
        ORDER BY requested_at LIMIT 1000
        """,  # noqa: S608
        deleted_too,
    )
    return [(row["user_id"], row["deleted"]) for row in rows]


async def update_reopened(db: Pool, seconds: int) -> None:
    """Begin withdrawals again that ended less than `seconds` ago, if their users have votes by now."""
    await db.execute(
        f"UPDATE withdrawals SET finished_at = NULL WHERE {_REOPENED}",  # noqa: S608
        seconds,
    )


async def select_late_voters(db: Pool, project_id: int) -> list[int]:
    """Return the users whose votes were withdrawn, but who have one on this project."""
    rows = await db.fetch(
        f"SELECT user_id FROM votes WHERE project_id = $1 AND user_id IN ({WITHDRAWN})",  # noqa: S608
        project_id,
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


async def select_voter_ids(db: Pool, after: int, count: int) -> list[int]:
    """Return the ids of `count` users who have a vote, in order, after the id `after`."""
    rows = await db.fetch(
        """
        SELECT id FROM users
        WHERE id > $1 AND EXISTS (SELECT FROM votes WHERE user_id = users.id) ORDER BY id LIMIT $2
        """,
        after,
        count,
    )
    return [row["id"] for row in rows]


async def update_finished(db: Pool, user_id: int) -> None:
    """Mark a user's withdrawal as finished."""
    await db.execute("UPDATE withdrawals SET finished_at = now() WHERE user_id = $1", user_id)
