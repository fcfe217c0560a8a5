"""The SQL of authors who edit and delete their projects."""

from dataclasses import dataclass
from datetime import datetime

from asyncpg import Pool

from app.links import link_key
from app.projects.forms import Submission


async def update_project(
    db: Pool, project_id: int, author_id: int, new: Submission, *, edited: bool
) -> bool:
    """Change a project; return False if it is locked, hidden or deleted, or has another author.

    `edited` is False if nothing changes for its readers.
    """
    found = await db.fetchval(
        """
        UPDATE projects SET title = $3, url = $4, description = $5,
            link_key = $7, link_key_of = md5($4::text),
            edited_at = CASE WHEN $6 THEN now() ELSE edited_at END
        WHERE id = $1 AND author_id = $2 AND closed = 0 RETURNING id
        """,
        project_id,
        author_id,
        new.title,
        new.url,
        new.description,
        edited,
        link_key(new.url),
    )
    return found is not None


async def delete_project(db: Pool, project_id: int, author_id: int) -> bool:
    """Delete a project and its texts; return False if it is deleted already or has another author.

    Its id, its votes and its events stay, because the votes belong to other users.
    """
    found = await db.fetchval(
        """
        UPDATE projects SET deleted_at = now(), title = 'Deleted', url = NULL, description = '',
            link_key = NULL
        WHERE id = $1 AND author_id = $2 AND deleted_at IS NULL RETURNING id
        """,
        project_id,
        author_id,
    )
    return found is not None


@dataclass(frozen=True)
class Closing:
    """When and why an admin has hidden or locked a project; `action` is "hide" or "lock".

    There is no reason if the admin was told that its author would not read it.
    """

    action: str
    reason: str | None
    created_at: datetime


async def select_closings(db: Pool, project_id: int) -> list[Closing]:
    """Return why a project is hidden, and why it is locked, as far as it is."""
    rows = await db.fetch(
        """
        SELECT DISTINCT ON (action) action, CASE WHEN reason_shared THEN reason END AS reason,
               moderation_actions.created_at
        FROM moderation_actions JOIN projects ON projects.id = project_id
        WHERE project_id = $1
          AND ((action = 'hide' AND hidden_at IS NOT NULL)
               OR (action = 'lock' AND locked_at IS NOT NULL))
        ORDER BY action, moderation_actions.id DESC
        """,
        project_id,
    )
    return [Closing(**row) for row in rows]
