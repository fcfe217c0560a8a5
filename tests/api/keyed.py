"""Projects with keys, for tests."""

import secrets

import asyncpg


async def give_key(db: asyncpg.Pool, project_id: int) -> str:
    """Give a project a new key, and return it."""
    key = f"article-{secrets.token_hex(6)}"
    await db.execute("UPDATE projects SET key = $2 WHERE id = $1", project_id, key)
    return key
