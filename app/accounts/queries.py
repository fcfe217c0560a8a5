"""The SQL of accounts."""

from dataclasses import dataclass
from datetime import datetime

from asyncpg import Pool


@dataclass(frozen=True)
class Account:
    id: int
    username: str
    password_hash: str
    is_admin: bool
    created_at: datetime


async def insert_user(
    db: Pool, username: str, password_hash: str, *, is_admin: bool = False
) -> Account | None:
    """Make an account; None when the name is taken."""
    row = await db.fetchrow(
        """
        INSERT INTO users (username, password_hash, is_admin) VALUES ($1, $2, $3)
        ON CONFLICT (username) DO NOTHING
        RETURNING id, username, password_hash, is_admin, created_at
        """,
        username,
        password_hash,
        is_admin,
    )
    return row and Account(**row)


async def select_user(db: Pool, username: str) -> Account | None:
    row = await db.fetchrow(
        """
        SELECT id, username, password_hash, is_admin, created_at
        FROM users WHERE username = $1
        """,
        username,
    )
    return row and Account(**row)


async def select_is_admin(db: Pool, user_id: int) -> bool:
    return await db.fetchval("SELECT is_admin FROM users WHERE id = $1", user_id) or False


async def update_password_hash(db: Pool, user_id: int, password_hash: str) -> None:
    await db.execute("UPDATE users SET password_hash = $2 WHERE id = $1", user_id, password_hash)


async def insert_token(db: Pool, user_id: int, token_hash: bytes, name: str) -> None:
    await db.execute(
        "INSERT INTO api_tokens (user_id, token_hash, name) VALUES ($1, $2, $3)",
        user_id,
        token_hash,
        name,
    )


async def update_token_used(db: Pool, token_hash: bytes) -> None:
    """Note that a token is being used, unless that was noted within the last minute."""
    await db.execute(
        """
        UPDATE api_tokens SET last_used_at = now()
        WHERE token_hash = $1
          AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')
        """,
        token_hash,
    )


async def select_token_user(db: Pool, token_hash: bytes) -> int | None:
    """The id of the user a token stands for."""
    return await db.fetchval("SELECT user_id FROM api_tokens WHERE token_hash = $1", token_hash)
