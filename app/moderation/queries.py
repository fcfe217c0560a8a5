"""The SQL of moderation."""

from dataclasses import dataclass
from datetime import datetime

from asyncpg import Connection, Pool


@dataclass(frozen=True)
class Action:
    """One entry of the moderation log: which admin did what to which project or user, when and why."""

    id: int
    admin: str
    action: str
    project_id: int | None
    title: str | None
    username: str | None
    reason: str
    created_at: datetime


@dataclass(frozen=True)
class ClosedProject:
    id: int
    title: str
    author: str
    hidden_at: datetime | None
    locked_at: datetime | None


# Each action sets or clears one column, and changes only projects that are not in that state yet.
_HIDE = "UPDATE projects SET hidden_at = now() WHERE hidden_at IS NULL"
_RESTORE = "UPDATE projects SET hidden_at = NULL WHERE hidden_at IS NOT NULL"
_LOCK = "UPDATE projects SET locked_at = now() WHERE locked_at IS NULL"
_UNLOCK = "UPDATE projects SET locked_at = NULL WHERE locked_at IS NOT NULL"
PROJECT_ACTIONS = {"hide": _HIDE, "restore": _RESTORE, "lock": _LOCK, "unlock": _UNLOCK}


async def update_project(db: Connection, action: str, project_id: int) -> bool:
    """Do one of the PROJECT_ACTIONS; return False if it was done before or there is no such project."""
    query = f"{PROJECT_ACTIONS[action]} AND id = $1 AND deleted_at IS NULL RETURNING id"
    return await db.fetchval(query, project_id) is not None


async def update_user_suspended(db: Connection, user_id: int, *, suspended: bool) -> bool:
    """Suspend a user or end a suspension; return False if nothing changed or the account is gone."""
    found = await db.fetchval(
        """
        UPDATE users SET suspended_at = CASE WHEN $2 THEN now() END
        WHERE id = $1 AND deleted_at IS NULL AND (suspended_at IS NOT NULL) <> $2
        RETURNING id
        """,
        user_id,
        suspended,
    )
    return found is not None


async def insert_project_action(
    db: Connection, admin_id: int, action: str, project_id: int, reason: str
) -> None:
    await db.execute(
        """
        INSERT INTO moderation_actions (admin_id, action, project_id, reason) VALUES ($1, $2, $3, $4)
        """,
        admin_id,
        action,
        project_id,
        reason,
    )


async def insert_user_action(
    db: Connection, admin_id: int, action: str, user_id: int, reason: str
) -> None:
    await db.execute(
        "INSERT INTO moderation_actions (admin_id, action, user_id, reason) VALUES ($1, $2, $3, $4)",
        admin_id,
        action,
        user_id,
        reason,
    )


async def select_actions(
    db: Pool,
    before: int | None,
    count: int,
    *,
    project_id: int | None = None,
    user_id: int | None = None,
) -> list[Action]:
    """Return up to `count` actions, newest first, with ids below `before`.

    A `project_id` or `user_id` selects those that concern it.
    """
    rows = await db.fetch(
        """
        SELECT moderation_actions.id, admins.username AS admin, action, project_id, projects.title,
               users.username, reason, moderation_actions.created_at
        FROM moderation_actions
        JOIN users AS admins ON admins.id = admin_id
        LEFT JOIN projects ON projects.id = project_id
        LEFT JOIN users ON users.id = user_id
        WHERE ($1::bigint IS NULL OR moderation_actions.id < $1)
          AND ($3::bigint IS NULL OR project_id = $3) AND ($4::bigint IS NULL OR user_id = $4)
        ORDER BY moderation_actions.id DESC
        LIMIT $2
        """,
        before,
        count,
        project_id,
        user_id,
    )
    return [Action(**row) for row in rows]


async def select_closed_projects(db: Pool, before: int | None, count: int) -> list[ClosedProject]:
    """Return up to `count` hidden or locked projects with ids below `before`, newest first."""
    rows = await db.fetch(
        """
        SELECT projects.id, title, users.username AS author, hidden_at, locked_at
        FROM projects JOIN users ON users.id = author_id
        WHERE closed <> 0 AND projects.deleted_at IS NULL
          AND ($1::bigint IS NULL OR projects.id < $1)
        ORDER BY projects.id DESC
        LIMIT $2
        """,
        before,
        count,
    )
    return [ClosedProject(**row) for row in rows]
