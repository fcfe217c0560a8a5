"""The SQL of single sign-on: which account belongs to which identity, an issuer and a subject."""

from dataclasses import dataclass
from datetime import datetime

from asyncpg import Connection, Pool

from app.accounts.queries import Account


async def select_identified(db: Pool, issuer: str, subject: str) -> Account | None:
    """Return the account of an identity, or None if it has none yet."""
    row = await db.fetchrow(
        """
        SELECT id, username, password_hash, is_admin, created_at, suspended_at
        FROM users JOIN user_identities ON user_id = id
        WHERE issuer = $1 AND subject = $2 AND deleted_at IS NULL
        """,
        issuer,
        subject,
    )
    return row and Account(**row)


async def select_is_barred(db: Pool, issuer: str, subject: str) -> bool:
    """Return whether the account of an identity was deleted while it was suspended."""
    return await db.fetchval(
        """
        SELECT EXISTS (
            SELECT FROM user_identities JOIN users ON users.id = user_id
            WHERE issuer = $1 AND subject = $2 AND deleted_at IS NOT NULL
        )
        """,
        issuer,
        subject,
    )


async def select_identified_start(db: Pool, user_id: int, issuer: str, subject: str) -> datetime | None:
    """Return the current time, or None if the account has lost the identity or is suspended.

    It locks the account's row, as accounts' select_session_start does and for the same reason.
    """
    return await db.fetchval(
        """
        SELECT clock_timestamp() FROM users
        WHERE id = $1 AND suspended_at IS NULL AND deleted_at IS NULL
          AND EXISTS (
              SELECT FROM user_identities WHERE user_id = $1 AND issuer = $2 AND subject = $3
          )
        FOR SHARE
        """,
        user_id,
        issuer,
        subject,
    )


@dataclass(frozen=True)
class Connected:
    """An identity of an account, and since when."""

    subject: str
    connected_at: datetime


async def select_connected(db: Pool, user_id: int, issuer: str) -> Connected | None:
    """Return the account's identity at this provider, or None."""
    row = await db.fetchrow(
        "SELECT subject, connected_at FROM user_identities WHERE user_id = $1 AND issuer = $2",
        user_id,
        issuer,
    )
    return row and Connected(**row)


async def insert_identity(db: Pool | Connection, issuer: str, subject: str, user_id: int) -> bool:
    """Connect an identity with an account that is neither suspended nor deleted.

    Return False if it belongs to an account already, or this account has another one there.
    """
    found = await db.fetchval(
        """
        INSERT INTO user_identities (issuer, subject, user_id)
        SELECT $1, $2, id FROM users
        WHERE id = $3 AND suspended_at IS NULL AND deleted_at IS NULL
        FOR NO KEY UPDATE
        ON CONFLICT DO NOTHING RETURNING true
        """,
        issuer,
        subject,
        user_id,
    )
    return found is not None


async def delete_identity(db: Connection, user_id: int, issuer: str) -> bool:
    """Disconnect an account if it has a password, as another way in; return whether it did."""
    found = await db.fetchval(
        """
        DELETE FROM user_identities USING users
        WHERE user_id = $1 AND issuer = $2 AND id = user_id AND password_hash IS NOT NULL
        RETURNING true
        """,
        user_id,
        issuer,
    )
    return found is not None


async def select_taken_names(db: Pool, names: list[str]) -> set[str]:
    """Return which of these usernames are taken."""
    rows = await db.fetch("SELECT username FROM users WHERE username = ANY ($1)", names)
    return {row["username"] for row in rows}
