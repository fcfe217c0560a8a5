"""The SQL of authors who edit and delete their projects."""

from asyncpg import Pool

from app.links import link_key
from app.projects.forms import Submission


async def update_project(
    db: Pool, project_id: int, author_id: int, new: Submission, *, edited: bool
) -> bool:
    """Change a project; return False if it is deleted or has another author.

    `edited` is False if nothing changes for its readers.
    """
    found = await db.fetchval(
        """
        UPDATE projects SET title = $3, url = $4, description = $5,
            link_key = $7, link_key_of = md5($4::text),
            edited_at = CASE WHEN $6 THEN now() ELSE edited_at END
        WHERE id = $1 AND author_id = $2 AND deleted_at IS NULL RETURNING id
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
