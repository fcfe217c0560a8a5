"""The SQL of the other site's users, and of tokens that have signed in."""

from dataclasses import dataclass
from datetime import datetime

from asyncpg import Connection, Pool

from app.accounts.queries import Account


@dataclass(frozen=True)
class SiteUser:
    """An account of the other site's user; the name and its time are those of the newest token.

    `asked_at` is the time of PostgreSQL.
    """

    account: Account
    subject: str
    name: str
    named_at: datetime
    sessions_ended_at: datetime | None
    asked_at: datetime


async def select_site_user(db: Pool | Connection, subject: str) -> SiteUser | None:
    """Return the account of a subject, or None if it has none yet or it was deleted.

    It waits for a change that ends the account's sessions, as accounts' select_session_start does.
    """
    row = await db.fetchrow(
        """
        SELECT id, username, password_hash, is_admin, created_at, suspended_at, display_name,
               subject, name, named_at, sessions_ended_at, clock_timestamp() AS asked_at
        FROM users JOIN site_users ON user_id = id
        WHERE subject = $1 AND deleted_at IS NULL
        FOR SHARE OF users
        """,
        subject,
    )
    if row is None:
        return None
    found = dict(row)
    own = {name: found.pop(name) for name in SiteUser.__annotations__ if name in found}
    return SiteUser(account=Account(**found), **own)


async def lock_subject(db: Connection, subject: str) -> None:
    """Let nobody else make an account for this subject until the transaction ends."""
    await db.execute("SELECT pg_advisory_xact_lock(59, hashtext($1))", subject)


async def insert_site_user(
    db: Connection, subject: str, user_id: int, name: str, named_at: datetime
) -> None:
    await db.execute(
        "INSERT INTO site_users (subject, user_id, name, named_at) VALUES ($1, $2, $3, $4)",
        subject,
        user_id,
        name,
        named_at,
    )


async def update_site_name(db: Connection, subject: str, name: str, named_at: datetime) -> bool:
    """Store the name of a newer token; return False if there is a newer one already."""
    found = await db.fetchval(
        """
        UPDATE site_users SET name = $2, named_at = $3 WHERE subject = $1 AND named_at <= $3
        RETURNING true
        """,
        subject,
        name,
        named_at,
    )
    return found is not None


async def delete_site_user(db: Connection, user_id: int) -> str | None:
    """Remove what is known of an account's user at the other site; return the subject."""
    return await db.fetchval("DELETE FROM site_users WHERE user_id = $1 RETURNING subject", user_id)


async def select_came_since(db: Pool, user_id: int) -> datetime | None:
    """Return when an account's user first came from the other site, or None for other accounts."""
    return await db.fetchval("SELECT first_came_at FROM site_users WHERE user_id = $1", user_id)


async def insert_used(db: Connection, digest: bytes, expires_at: datetime) -> bool:
    """Note that a token has signed in; return False if it had before. Of several at once one does."""
    found = await db.fetchval(
        """
        INSERT INTO used_handovers (digest, expires_at) VALUES ($1, $2)
        ON CONFLICT DO NOTHING RETURNING true
        """,
        digest,
        expires_at,
    )
    return found is not None


async def select_is_used(db: Pool, digest: bytes) -> bool:
    """Return whether a token has signed in."""
    return await db.fetchval("SELECT EXISTS (SELECT FROM used_handovers WHERE digest = $1)", digest)


async def delete_expired_handovers(db: Pool) -> int:
    """Remove the tokens that have been expired for an hour, by any clock; return how many."""
    return await db.fetchval(
        """
        WITH removed AS (
            DELETE FROM used_handovers WHERE expires_at < now() - interval '1 hour' RETURNING 1
        )
        SELECT count(*) FROM removed
        """
    )
