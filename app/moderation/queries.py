"""The SQL of moderation."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from asyncpg import Connection, Pool


@dataclass(frozen=True)
class Action:
    """One entry of the moderation log: which admin did what to which project or user, when and why.

    The title is the one that the project had then. `admin` is "" for a change on the command line.
    """

    id: int
    admin: str
    action: str
    project_id: int | None
    title: str | None
    username: str | None
    reason: str
    created_at: datetime


@dataclass(frozen=True)
class ModeratedProject:
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


async def update_projects_of(db: Connection, action: str, author_ids: Sequence[int]) -> list[int]:
    """Do one of the PROJECT_ACTIONS to all projects of some authors; return those that it changed."""
    query = f"""
        {PROJECT_ACTIONS[action]} AND author_id = ANY ($1::bigint[]) AND deleted_at IS NULL
        RETURNING id
    """
    return [row["id"] for row in await db.fetch(query, author_ids)]


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


async def update_is_admin(db: Connection, user_id: int, *, is_admin: bool) -> bool:
    """Make a user an admin, or no admin any more; return False if nothing changed."""
    found = await db.fetchval(
        """
        UPDATE users SET is_admin = $2 WHERE id = $1 AND deleted_at IS NULL AND is_admin <> $2
        RETURNING id
        """,
        user_id,
        is_admin,
    )
    return found is not None


async def insert_project_actions(
    db: Connection, admin_id: int | None, action: str, project_ids: Sequence[int], reason: str
) -> None:
    await db.execute(
        """
        INSERT INTO moderation_actions (admin_id, action, project_id, title, reason, reason_shared)
        SELECT $1, $2, id, title, $4, true FROM projects WHERE id = ANY ($3::bigint[]) ORDER BY id
        """,
        admin_id,
        action,
        project_ids,
        reason,
    )


async def insert_user_action(
    db: Connection, admin_id: int | None, action: str, user_id: int, reason: str
) -> None:
    await db.execute(
        """
        INSERT INTO moderation_actions (admin_id, action, user_id, reason, reason_shared)
        VALUES ($1, $2, $3, $4, true)
        """,
        admin_id,
        action,
        user_id,
        reason,
    )


async def select_actions(
    db: Pool, before: int | None, count: int, *, user_id: int | None = None
) -> list[Action]:
    """Return up to `count` actions, newest first, with ids below `before`; of this user, if given."""
    rows = await db.fetch(
        """
        SELECT moderation_actions.id, coalesce(admins.username, '') AS admin, action, project_id,
               coalesce(moderation_actions.title, projects.title) AS title,
               users.username, reason, moderation_actions.created_at
        FROM moderation_actions
        LEFT JOIN users AS admins ON admins.id = admin_id
        LEFT JOIN projects ON projects.id = project_id
        LEFT JOIN users ON users.id = user_id
        WHERE ($1::bigint IS NULL OR moderation_actions.id < $1)
          AND ($3::bigint IS NULL OR user_id = $3)
        ORDER BY moderation_actions.id DESC
        LIMIT $2
        """,
        before,
        count,
        user_id,
    )
    return [Action(**row) for row in rows]


_MODERATED = """
    SELECT projects.id, title, users.username AS author, hidden_at, locked_at
    FROM projects JOIN users ON users.id = author_id
    WHERE projects.deleted_at IS NULL AND ($1::bigint IS NULL OR projects.id < $1)
"""


async def select_closed_projects(db: Pool, before: int | None, count: int) -> list[ModeratedProject]:
    """Return up to `count` hidden or locked projects with ids below `before`, newest first."""
    query = f"{_MODERATED} AND closed <> 0 ORDER BY projects.id DESC LIMIT $2"
    return [ModeratedProject(**row) for row in await db.fetch(query, before, count)]


async def select_projects_of(
    db: Pool, author_id: int, before: int | None, count: int
) -> list[ModeratedProject]:
    """Return up to `count` projects of an author with ids below `before`, newest first, hidden too."""
    query = f"{_MODERATED} AND author_id = $3 ORDER BY projects.id DESC LIMIT $2"
    return [ModeratedProject(**row) for row in await db.fetch(query, before, count, author_id)]
