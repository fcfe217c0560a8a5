"""The SQL of idempotency keys."""

from dataclasses import dataclass

from asyncpg import Connection, Pool

from app.storage.queries import count_rows


@dataclass(frozen=True)
class Created:
    """What a key has created: a project, or an API token by its secret; `age` in seconds.

    `deleted`: the project has been deleted since.
    """

    fingerprint: bytes
    project_id: int | None
    secret: bytes | None
    age: float
    deleted: bool


async def lock_user(db: Connection, user_id: int) -> None:
    """Lock the user's row until the end of the transaction; foreign keys can still refer to it."""
    await db.execute("SELECT FROM users WHERE id = $1 FOR NO KEY UPDATE", user_id)


async def select_created(db: Pool | Connection, user_id: int, key: bytes) -> Created | None:
    """Return what the user's key has created, or None if it is new or has expired."""
    row = await db.fetchrow(
        """
        SELECT fingerprint, project_id, secret,
               extract(epoch FROM clock_timestamp() - created_at)::float8 AS age,
               EXISTS (SELECT FROM projects WHERE id = project_id AND deleted_at IS NOT NULL) AS deleted
        FROM idempotency_keys
        WHERE user_id = $1 AND key = $2 AND expires_at > clock_timestamp()
        """,
        user_id,
        key,
    )
    return row and Created(**row)


async def insert_key(
    db: Connection,
    user_id: int,
    key: bytes,
    fingerprint: bytes,
    seconds: float,
    project_id: int | None,
    secret: bytes | None,
) -> None:
    """Store for so many seconds what the key has created. An expired row with this key is replaced."""
    await db.execute(
        """
        INSERT INTO idempotency_keys
            (user_id, key, fingerprint, project_id, secret, created_at, expires_at)
        VALUES ($1, $2, $3, $5, $6, clock_timestamp(), clock_timestamp() + $4 * interval '1 second')
        ON CONFLICT (user_id, key) DO UPDATE
        SET fingerprint = excluded.fingerprint, project_id = excluded.project_id,
            secret = excluded.secret, created_at = excluded.created_at, expires_at = excluded.expires_at
        """,
        user_id,
        key,
        fingerprint,
        seconds,
        project_id,
        secret,
    )


async def delete_keys(db: Connection, user_id: int) -> None:
    await db.execute("DELETE FROM idempotency_keys WHERE user_id = $1", user_id)


async def delete_expired_keys(db: Pool) -> int:
    """Delete the keys that have expired; return how many."""
    status: str = await db.execute("DELETE FROM idempotency_keys WHERE expires_at <= now()")
    return count_rows(status)
