"""The SQL of authors who edit and delete their projects."""

from dataclasses import dataclass
from datetime import datetime

from asyncpg import Connection, Pool

from app.accounts.settings.queries import deletion_of_projects
from app.links import link_key
from app.projects.forms import Submission
from app.projects.queries import text_digest
from app.projects.search_terms.terms import project_terms


async def select_texts_for_update(db: Connection, project_id: int) -> dict[str, str] | None:
    """Return what a project says by field, which nobody else changes until the transaction ends."""
    row = await db.fetchrow(
        """
        SELECT title, coalesce(url, '') AS url, description,
               coalesce(tracks.name, '') AS track, coalesce(tracks.slug, '') AS slug
        FROM projects LEFT JOIN tracks ON tracks.id = track_id
        WHERE projects.id = $1 AND deleted_at IS NULL FOR NO KEY UPDATE OF projects
        """,
        project_id,
    )
    return row and dict(row)


async def update_project(
    db: Connection, project_id: int, author_id: int | None, new: Submission, *, edited: bool
) -> bool:
    """Change a project and its search terms; return False if it is closed or another's.

    `author_id` is that of its author or of a member of its team; None: whoever they are, and though it
    is closed. `edited` is False if nothing changes for its readers.
    """
    found = await db.fetchval(
        f"""
        WITH changed AS (
            UPDATE projects SET title = $3, url = $4, description = $5,
                link_key = $7, link_key_of = md5($4::text),
                track_id = (SELECT id FROM tracks WHERE id = $9 FOR KEY SHARE),
                edited_at = CASE WHEN $6 THEN now() ELSE edited_at END,
                search_digest = {text_digest("$3::text", "$4::text", "$5::text")}
            WHERE id = $1 AND deleted_at IS NULL
              AND ($2::bigint IS NULL OR closed = 0 AND (author_id = $2 OR EXISTS (
                SELECT FROM project_members
                WHERE project_id = $1 AND user_id = $2 AND accepted_at IS NOT NULL
            ))) RETURNING id
        )
        INSERT INTO project_search (project_id, terms) SELECT id, $8::text::tsvector FROM changed
        ON CONFLICT (project_id) DO UPDATE SET terms = excluded.terms RETURNING project_id
        """,  # noqa: S608
        project_id,
        author_id,
        new.title,
        new.url,
        new.description,
        edited,
        link_key(new.url),
        project_terms(new.title, new.url, new.description),
        new.track_id,
    )
    return found is not None


async def delete_project(
    db: Connection, project_id: int, author_id: int, *, though_locked: bool
) -> bool:
    """Delete a project and its texts; return False if it is deleted, locked or another's."""
    mine = "id = $1 AND author_id = $2 AND deleted_at IS NULL AND ($3 OR locked_at IS NULL)"
    found = await db.fetchval(deletion_of_projects(mine), project_id, author_id, though_locked)
    return found is not None


async def insert_correction(
    db: Connection, admin_id: int, action: str, project_id: int, reason: str
) -> None:
    """Note in the moderation log what an admin submitted, edited or deleted, with the title before."""
    await db.execute(
        """
        INSERT INTO moderation_actions (admin_id, action, project_id, title, reason, reason_shared)
        SELECT $1, $2, id, title, $4, true FROM projects WHERE id = $3
        """,
        admin_id,
        action,
        project_id,
        reason,
    )


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
