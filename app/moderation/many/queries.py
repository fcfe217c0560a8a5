"""The SQL of suspending many accounts and withdrawing their votes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from asyncpg import Connection, Pool


@dataclass(frozen=True)
class Chosen:
    """An account that was chosen; `withdrawing`: its votes are being withdrawn already.

    `voted_after` is the age of the account when the latest of its votes was changed last.
    """

    id: int
    username: str
    is_admin: bool
    created_at: datetime
    suspended: bool
    deleted: bool
    withdrawing: bool
    votes: int
    voted_after: timedelta | None


@dataclass(frozen=True)
class Change:
    """By how many votes a project's tally will change, and what it is as persisted."""

    project_id: int
    title: str
    up: int
    down: int
    upvotes: int
    downvotes: int


@dataclass(frozen=True)
class Batch:
    """Withdrawals that were requested at once: how many accounts, votes then, and votes left now."""

    requested_at: datetime
    admin: str
    reason: str
    accounts: int
    finished: int
    votes: int
    left: int


_WITHDRAWING = """
    EXISTS (
        SELECT FROM withdrawals
        WHERE withdrawals.user_id = users.id AND finished_at IS NULL AND by_moderator
    )
"""

# That it was requested since the suspension matters: votes from before may not be persisted yet.
_WITHDRAWN = """
    (EXISTS (
        SELECT FROM withdrawals
        WHERE withdrawals.user_id = users.id AND finished_at IS NOT NULL AND by_moderator
          AND (deleted_at IS NOT NULL OR suspended_at <= requested_at)
    ) AND NOT EXISTS (SELECT FROM votes WHERE votes.user_id = users.id))
"""


async def select_chosen(db: Pool, user_ids: Sequence[int]) -> list[Chosen]:
    """Return the accounts with these ids, in the order of their registration."""
    rows = await db.fetch(
        f"""
        SELECT users.id, username, is_admin, created_at, suspended_at IS NOT NULL AS suspended,
               deleted_at IS NOT NULL AS deleted, {_WITHDRAWING} AS withdrawing, counted.votes,
               counted.last_at - created_at AS voted_after
        FROM users CROSS JOIN LATERAL (
            SELECT count(*) AS votes, max(voted_at) AS last_at FROM votes WHERE user_id = users.id
        ) AS counted
        WHERE users.id = ANY ($1::bigint[]) ORDER BY users.id
        """,  # noqa: S608
        user_ids,
    )
    return [Chosen(**row) for row in rows]


async def select_changes(db: Pool, user_ids: Sequence[int]) -> list[Change]:
    """Return the projects that these accounts have votes on, those that change most first."""
    rows = await db.fetch(
        """
        SELECT project_id, title, up, down, upvotes, downvotes
        FROM (
            SELECT project_id, count(*) FILTER (WHERE value = 1) AS up,
                   count(*) FILTER (WHERE value = -1) AS down
            FROM votes WHERE user_id = ANY ($1::bigint[]) GROUP BY project_id
        ) AS changed JOIN projects ON projects.id = project_id
        ORDER BY up + down DESC, project_id
        """,
        user_ids,
    )
    return [Change(**row) for row in rows]


async def update_many_suspended(db: Connection, user_ids: Sequence[int]) -> list[tuple[int, datetime]]:
    """Suspend those of the accounts that can be, no admins among them, and end their sessions.

    Return them with the times until which their sessions are over.
    """
    rows = await db.fetch(
        """
        UPDATE users SET suspended_at = now(), sessions_ended_at = clock_timestamp()
        WHERE id = ANY ($1::bigint[]) AND suspended_at IS NULL AND deleted_at IS NULL AND NOT is_admin
        RETURNING id, sessions_ended_at
        """,
        user_ids,
    )
    return [(row["id"], row["sessions_ended_at"]) for row in rows]


async def select_ended(db: Connection, user_ids: Sequence[int]) -> list[int]:
    """Return those of the accounts that are suspended or deleted, but no admins."""
    rows = await db.fetch(
        """
        SELECT id FROM users
        WHERE id = ANY ($1::bigint[]) AND (suspended_at IS NOT NULL OR deleted_at IS NOT NULL)
          AND NOT is_admin
        """,
        user_ids,
    )
    return [row["id"] for row in rows]


async def insert_withdrawals(db: Connection, user_ids: Sequence[int]) -> list[tuple[int, int]]:
    """Ask the worker to withdraw the votes of those that are suspended or deleted, but of no admins.

    Return these with the numbers of their votes. Left out is whose votes are being withdrawn, or were.
    """
    rows = await db.fetch(
        f"""
        INSERT INTO withdrawals (user_id, total, by_moderator)
        SELECT id, (SELECT count(*) FROM votes WHERE user_id = users.id), true
        FROM users
        WHERE id = ANY ($1::bigint[]) AND (suspended_at IS NOT NULL OR deleted_at IS NOT NULL)
          AND NOT is_admin AND NOT {_WITHDRAWING}
          AND NOT {_WITHDRAWN}
        ON CONFLICT (user_id) DO UPDATE
        SET requested_at = now(), total = excluded.total, finished_at = NULL, by_moderator = true
        RETURNING user_id, total
        """,  # noqa: S608
        user_ids,
    )
    return [(row["user_id"], row["total"]) for row in rows]


async def insert_user_actions(
    db: Connection, admin_id: int | None, action: str, user_ids: Sequence[int], reason: str
) -> None:
    await db.execute(
        """
        INSERT INTO moderation_actions (admin_id, action, user_id, reason, reason_shared)
        SELECT $1, $2, id, $4, true FROM unnest($3::bigint[]) AS id ORDER BY id
        """,
        admin_id,
        action,
        user_ids,
        reason,
    )


async def select_batches(db: Pool, count: int) -> list[Batch]:
    """Return the latest `count` batches of withdrawals that moderators requested, newest first.

    Rows of one transaction have the same time, also in the moderation log.
    """
    rows = await db.fetch(
        """
        SELECT batch.*, coalesce(admins.username, '') AS admin, coalesce(action.reason, '') AS reason,
               (SELECT count(*) FROM votes JOIN withdrawals USING (user_id)
                WHERE withdrawals.requested_at = batch.requested_at AND by_moderator
                  AND finished_at IS NULL) AS left
        FROM (
            SELECT requested_at, count(*) AS accounts, count(finished_at) AS finished,
                   sum(total)::bigint AS votes, min(user_id) AS one
            FROM withdrawals WHERE by_moderator
            GROUP BY requested_at ORDER BY requested_at DESC LIMIT $1
        ) AS batch
        LEFT JOIN moderation_actions AS action
            ON action.user_id = one AND action.action = 'withdraw'
            AND action.created_at = batch.requested_at
        LEFT JOIN users AS admins ON admins.id = action.admin_id
        ORDER BY batch.requested_at DESC
        """,
        count,
    )
    return [Batch(**{name: value for name, value in row.items() if name != "one"}) for row in rows]
