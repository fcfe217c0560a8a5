"""The SQL of what an author does to a project."""

from asyncpg import Pool

from app.projects.forms import Submission


async def update_project(db: Pool, project_id: int, author_id: int, new: Submission) -> bool:
    """Change an author's own project; False when it is not theirs, or deleted."""
    found = await db.fetchval(
        """
        UPDATE projects SET title = $3, url = $4, description = $5,
            edited_at = CASE WHEN (title, url, description) IS DISTINCT FROM ($3, $4, $5)
                             THEN now() ELSE edited_at END
        WHERE id = $1 AND author_id = $2 AND deleted_at IS NULL RETURNING id
        """,
        project_id,
        author_id,
        new.title,
        new.url,
        new.description,
    )
    return found is not None


async def delete_project(db: Pool, project_id: int, author_id: int) -> bool:
    """Take an author's own project away, with what was written in it. False as above.

    Its number, its votes and its event log stay: others' votes are theirs.
    """
    found = await db.fetchval(
        """
        UPDATE projects SET deleted_at = now(), title = 'Deleted', url = NULL, description = ''
        WHERE id = $1 AND author_id = $2 AND deleted_at IS NULL RETURNING id
        """,
        project_id,
        author_id,
    )
    return found is not None
