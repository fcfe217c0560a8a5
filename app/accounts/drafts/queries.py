"""The SQL of drafts."""

from asyncpg import Connection, Pool

from app.storage.queries import count_rows


async def insert_draft(
    db: Pool, user_id: int, username: str | None, page: str, fields: str, max_drafts: int
) -> bool:
    """Store what a user wrote on a page, and remove all but the user's newest drafts.

    Return False if there is no such user, or the user has another name than `username`.
    """
    stored = await db.fetchval(
        """
        INSERT INTO drafts (user_id, page, fields)
        SELECT id, $3, $4 FROM users
        WHERE id = $1 AND username = coalesce($2, username)
          AND deleted_at IS NULL AND suspended_at IS NULL
        ON CONFLICT (user_id, page) DO UPDATE SET fields = excluded.fields, saved_at = now()
        RETURNING true
        """,
        user_id,
        username,
        page,
        fields,
    )
    await db.execute(
        """
        DELETE FROM drafts WHERE user_id = $1 AND page NOT IN
            (SELECT page FROM drafts WHERE user_id = $1 ORDER BY saved_at DESC, page LIMIT $2)
        """,
        user_id,
        max_drafts,
    )
    return stored is not None


async def select_draft(db: Pool, user_id: int, page: str) -> str | None:
    return await db.fetchval(
        """
        SELECT fields FROM drafts
        WHERE user_id = $1 AND page = $2 AND saved_at > now() - interval '1 day'
        """,
        user_id,
        page,
    )


async def delete_draft(db: Pool, user_id: int, page: str) -> None:
    await db.execute("DELETE FROM drafts WHERE user_id = $1 AND page = $2", user_id, page)


async def delete_drafts(db: Pool | Connection, user_id: int) -> None:
    await db.execute("DELETE FROM drafts WHERE user_id = $1", user_id)


async def delete_old_drafts(db: Pool) -> int:
    """Delete drafts that are older than a day; return how many."""
    status: str = await db.execute("DELETE FROM drafts WHERE saved_at <= now() - interval '1 day'")
    return count_rows(status)
