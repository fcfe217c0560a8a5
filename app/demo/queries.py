"""The SQL of the demo content."""

from collections.abc import Sequence
from datetime import datetime

from asyncpg import Connection, Pool


async def is_empty(db: Pool) -> bool:
    """Whether nobody has ever submitted anything."""
    return not await db.fetchval("SELECT EXISTS (SELECT 1 FROM projects)")


async def insert_users(db: Connection, names: Sequence[str]) -> list[int]:
    """Accounts that nobody can sign in to, or the ones that have these names; ids in order."""
    await db.execute(
        """
        INSERT INTO users (username, password_hash)
        SELECT name, '!' FROM unnest($1::text[]) WITH ORDINALITY AS given (name, place)
        ORDER BY place
        ON CONFLICT (username) DO NOTHING
        """,
        names,
    )
    rows = await db.fetch("SELECT username, id FROM users WHERE username = ANY ($1)", names)
    ids = {row["username"]: row["id"] for row in rows}
    return [ids[name] for name in names]


async def update_login(db: Connection, name: str, password_hash: str) -> None:
    """Let people sign in as a demo account; one that somebody else made stays as it is."""
    await db.execute(
        "UPDATE users SET password_hash = $2 WHERE username = $1 AND password_hash = '!'",
        name,
        password_hash,
    )


async def insert_projects(
    db: Connection, projects: Sequence[tuple[int, str, str | None, str, datetime]]
) -> list[int]:
    """Projects as (author, title, url, description, created_at), oldest first; their ids in order."""
    rows = await db.fetch(
        """
        INSERT INTO projects (author_id, title, url, description, created_at)
        SELECT author_id, title, url, description, created_at
        FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::timestamptz[])
             WITH ORDINALITY AS given (author_id, title, url, description, created_at, place)
        ORDER BY place
        RETURNING id
        """,
        *[list(column) for column in zip(*projects, strict=True)],
    )
    return sorted(row["id"] for row in rows)
