"""The SQL of importing projects."""

from collections.abc import Sequence

from asyncpg import Connection


async def lock_imports(db: Connection) -> None:
    """Wait until no other import runs, so that the same file twice at once makes nothing twice."""
    await db.execute("SELECT pg_advisory_xact_lock(hashtext('import projects'))")


async def select_user_ids(db: Connection, names: Sequence[str]) -> dict[str, int]:
    """Return the ids of the accounts with these names that are not deleted."""
    rows = await db.fetch(
        "SELECT id, username FROM users WHERE username = ANY ($1::text[]) AND deleted_at IS NULL", names
    )
    return {row["username"]: row["id"] for row in rows}


async def select_is_submitted(db: Connection, author_id: int, title: str, url: str | None) -> bool:
    """Return whether an author has a project with this title and link."""
    return await db.fetchval(
        """
        SELECT EXISTS (
            SELECT FROM projects WHERE author_id = $1 AND title = $2 AND url IS NOT DISTINCT FROM $3
            AND deleted_at IS NULL
        )
        """,
        author_id,
        title,
        url,
    )


async def update_key(
    db: Connection, author_id: int, title: str, url: str | None, key: str
) -> int | None:
    """Give an author's oldest project with this title and link, and without a key, this key; return its
    id, or None if there is none.
    """
    return await db.fetchval(
        """
        UPDATE projects SET key = $4 WHERE key IS NULL AND id = (
            SELECT min(id) FROM projects WHERE author_id = $1 AND title = $2
              AND url IS NOT DISTINCT FROM $3 AND deleted_at IS NULL AND key IS NULL
        ) RETURNING id
        """,
        author_id,
        title,
        url,
        key,
    )


async def insert_members(db: Connection, project_id: int, user_ids: Sequence[int]) -> None:
    """Make users members of a project's team, as if they had accepted."""
    await db.execute(
        """
        INSERT INTO project_members (project_id, user_id, accepted_at)
        SELECT $1, id, now() FROM unnest($2::bigint[]) AS id
        """,
        project_id,
        user_ids,
    )


async def insert_import(db: Connection, reason: str) -> None:
    """Note in the moderation log that projects were imported."""
    await db.execute("INSERT INTO moderation_actions (action, reason) VALUES ('import', $1)", reason)
