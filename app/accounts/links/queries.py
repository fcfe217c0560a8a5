"""The SQL of links to set a new password."""

from datetime import datetime, timedelta

from asyncpg import Connection, Pool

from app.accounts.links import VALID_HOURS
from app.accounts.queries import Account

_VALID = timedelta(hours=VALID_HOURS)


async def select_user_for_link(db: Connection, user_id: int) -> bool:
    """Lock an account, so that its links and the ends of its sessions have an order.

    Return False if it is suspended or gone.
    """
    found = await db.fetchval(
        """
        SELECT id FROM users WHERE id = $1 AND suspended_at IS NULL AND deleted_at IS NULL
        FOR NO KEY UPDATE
        """,
        user_id,
    )
    return found is not None


async def select_ended_since(db: Connection, user_id: int, moment: datetime) -> bool:
    """Return whether the sessions of an account were ended since then, as by a new password."""
    return await db.fetchval(
        "SELECT coalesce(sessions_ended_at >= $2, false) FROM users WHERE id = $1", user_id, moment
    )


async def insert_link(db: Connection, user_id: int, digest: bytes, *, mailed: bool) -> None:
    """Store a link in place of the account's older one of that kind. Its account has to be locked."""
    await db.execute(
        """
        INSERT INTO password_links (user_id, mailed, digest, made_at)
        VALUES ($1, $2, $3, clock_timestamp())
        ON CONFLICT (user_id, mailed) DO UPDATE SET digest = $3, made_at = clock_timestamp()
        """,
        user_id,
        mailed,
        digest,
    )


async def select_link_account(db: Pool | Connection, digest: bytes) -> Account | None:
    """Return the account of a link that is valid, or None."""
    row = await db.fetchrow(
        """
        SELECT id, username, password_hash, is_admin, created_at, suspended_at
        FROM password_links JOIN users ON users.id = user_id
        WHERE digest = $1 AND made_at > clock_timestamp() - $2::interval
          AND made_at > coalesce(sessions_ended_at, '-infinity')
          AND suspended_at IS NULL AND deleted_at IS NULL
        """,
        digest,
        _VALID,
    )
    return row and Account(**row)


async def delete_links(db: Connection, user_id: int) -> None:
    """Remove an account's links."""
    await db.execute("DELETE FROM password_links WHERE user_id = $1", user_id)


async def delete_old_links(db: Pool) -> int:
    """Remove links whose day is over; return how many."""
    return await db.fetchval(
        """
        WITH removed AS (DELETE FROM password_links WHERE made_at < now() - $1::interval RETURNING 1)
        SELECT count(*) FROM removed
        """,
        _VALID,
    )


async def update_password(db: Connection, user_id: int, password_hash: str) -> None:
    """Set the password of an account, whatever it was before."""
    await db.execute("UPDATE users SET password_hash = $2 WHERE id = $1", user_id, password_hash)


async def insert_password_notice(db: Connection, user_id: int) -> None:
    """Ask the worker to write to an account's mail address, if it has one, that its password is new."""
    await db.execute(
        """
        INSERT INTO mails (kind, user_id, sent_to)
        SELECT 'password_changed', user_id, address FROM mail_addresses
        WHERE user_id = $1 AND address IS NOT NULL
        """,
        user_id,
    )
