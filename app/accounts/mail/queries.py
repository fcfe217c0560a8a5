"""The SQL of mail: the addresses of accounts, and the mails that the worker has to send."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from asyncpg import Connection, Pool

from app.accounts.links import VALID_HOURS

_VALID = timedelta(hours=VALID_HOURS)
KEPT = timedelta(days=7)


@dataclass(frozen=True)
class MailAddress:
    """The address of an account, and one that is still to be confirmed."""

    user_id: int
    username: str
    address: str | None
    pending: str | None


@dataclass(frozen=True)
class Mail:
    """A mail to send, for the `tries`-th time. `sent_to` of a reset is what somebody typed."""

    id: int
    kind: str
    user_id: int | None
    sent_to: str | None
    asked_at: datetime
    tries: int


_ADDRESS = """
    SELECT users.id AS user_id, username, address,
           CASE WHEN asked_at > now() - $2::interval THEN pending END AS pending
    FROM users LEFT JOIN mail_addresses ON user_id = users.id
    WHERE suspended_at IS NULL AND deleted_at IS NULL
"""
# Two lookups, each by its own index.
BY_NAME = f"""
    {_ADDRESS} AND address IS NOT NULL AND users.id IN (
        SELECT id FROM users WHERE username = lower($1)
        UNION ALL SELECT user_id FROM mail_addresses WHERE lower(address) = lower($1)
    )
    ORDER BY username = lower($1) DESC LIMIT 1
"""  # noqa: S608 (constants)


async def select_address(db: Pool | Connection, user_id: int) -> MailAddress | None:
    """Return the addresses of an account, which may have none; None if it is suspended or gone."""
    row = await db.fetchrow(f"{_ADDRESS} AND users.id = $1", user_id, _VALID)
    return row and MailAddress(**row)


async def select_address_by_name(db: Pool | Connection, typed: str) -> MailAddress | None:
    """Return the confirmed address of the account with that username or address, or None."""
    row = await db.fetchrow(BY_NAME, typed, _VALID)
    return row and MailAddress(**row)


async def select_pending(db: Pool | Connection, digest: bytes) -> MailAddress | None:
    """Return the account whose address a link confirms, or None if the link is not valid."""
    row = await db.fetchrow(f"{_ADDRESS} AND pending_digest = $1", digest, _VALID)
    found = row and MailAddress(**row)
    return found if found and found.pending else None


async def update_pending(db: Connection, user_id: int, address: str) -> None:
    """Store an address that is to be confirmed; the confirmed one stays until then."""
    await db.execute(
        """
        INSERT INTO mail_addresses (user_id, pending, asked_at) VALUES ($1, $2, now())
        ON CONFLICT (user_id) DO UPDATE SET pending = $2, pending_digest = NULL, asked_at = now()
        """,
        user_id,
        address,
    )


async def update_pending_digest(db: Pool, user_id: int, pending: str, digest: bytes) -> None:
    """Store the digest of the link that confirms an address, unless another one is to be confirmed."""
    await db.execute(
        "UPDATE mail_addresses SET pending_digest = $3 WHERE user_id = $1 AND pending = $2",
        user_id,
        pending,
        digest,
    )


async def update_confirmed(db: Connection, digest: bytes) -> bool:
    """Make the pending address of a link the account's; return False if that was done before.

    A former address is told, unless it is the same one in other capitals. Of several uses at once one
    changes the row, and the others find the link no more.
    Raises UniqueViolationError if another account has the address.
    """
    changed = await db.fetchval(
        """
        WITH former AS (
            SELECT user_id, address FROM mail_addresses
            WHERE pending_digest = $1 AND asked_at > now() - $2::interval FOR UPDATE
        ), changed AS (
            UPDATE mail_addresses AS new
            SET address = pending, confirmed_at = now(),
                pending = NULL, pending_digest = NULL, asked_at = NULL
            FROM former WHERE new.user_id = former.user_id
            RETURNING new.user_id, new.address
        ), told AS (
            INSERT INTO mails (kind, user_id, sent_to)
            SELECT 'address_changed', user_id, former.address FROM former JOIN changed USING (user_id)
            WHERE lower(former.address) <> lower(changed.address)
        )
        SELECT user_id FROM changed
        """,
        digest,
        _VALID,
    )
    return changed is not None


async def delete_address(db: Connection, user_id: int) -> str | None:
    """Forget the addresses of an account; return the one that was confirmed, if there was one."""
    return await db.fetchval("DELETE FROM mail_addresses WHERE user_id = $1 RETURNING address", user_id)


async def delete_unconfirmed(db: Pool) -> int:
    """Forget addresses that were not confirmed in time; return how many."""
    await db.execute(
        """
        UPDATE mail_addresses SET pending = NULL, pending_digest = NULL, asked_at = NULL
        WHERE asked_at < now() - $1::interval
        """,
        _VALID,
    )
    return await db.fetchval(
        """
        WITH removed AS (
            DELETE FROM mail_addresses WHERE address IS NULL AND pending IS NULL RETURNING 1
        )
        SELECT count(*) FROM removed
        """
    )


async def insert_mail(
    db: Pool | Connection, kind: str, user_id: int | None, sent_to: str | None = None
) -> None:
    """Ask the worker to send a mail."""
    await db.execute(
        "INSERT INTO mails (kind, user_id, sent_to) VALUES ($1, $2, $3)", kind, user_id, sent_to
    )


async def update_next_mail(db: Pool, waits: Sequence[int]) -> Mail | None:
    """Take the next mail that is due, or return None. One of yesterday, as in a backup, is not sent.

    It is due again after `waits` seconds, by the number of tries, in case this process ends meanwhile.
    No two processes take the same one.
    """
    row = await db.fetchrow(
        """
        UPDATE mails
        SET tries = tries + 1,
            due_at = now() + interval '1 s' * ($1::int[])[least(tries + 1, cardinality($1::int[]))]
        WHERE id = (
            SELECT id FROM mails
            WHERE NOT given_up AND due_at <= now() AND asked_at > now() - interval '1 day'
            ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED
        )
        RETURNING id, kind, user_id, sent_to, asked_at, tries
        """,
        list(waits),
    )
    return row and Mail(**row)


async def update_mail_failed(db: Pool, mail_id: int, problem: str, *, given_up: bool) -> None:
    """Store why a mail could not be sent. One that is given up forgets to whom it was."""
    await db.execute(
        """
        UPDATE mails SET problem = $2, given_up = $3, sent_to = CASE WHEN $3 THEN NULL ELSE sent_to END
        WHERE id = $1
        """,
        mail_id,
        problem,
        given_up,
    )


async def delete_mail(db: Pool, mail_id: int) -> None:
    await db.execute("DELETE FROM mails WHERE id = $1", mail_id)


async def delete_mails_of(db: Connection, user_id: int) -> None:
    """Send no more mails to an account."""
    await db.execute("DELETE FROM mails WHERE user_id = $1", user_id)


async def delete_old_mails(db: Pool) -> None:
    """Remove mails that were given up a week ago."""
    await db.execute("DELETE FROM mails WHERE asked_at < now() - $1::interval", KEPT)


@dataclass(frozen=True)
class Failures:
    """Mails of the last day: how many were given up or wait for another try, and the last reason."""

    given_up: int
    waiting: int
    problem: str | None
    at: datetime | None


async def select_failures(db: Pool | Connection) -> Failures:
    row = await db.fetchrow(
        """
        SELECT count(*) FILTER (WHERE given_up) AS given_up,
               count(*) FILTER (WHERE NOT given_up) AS waiting,
               (array_agg(problem ORDER BY id DESC))[1] AS problem, max(asked_at) AS at
        FROM mails WHERE problem IS NOT NULL AND asked_at > now() - interval '1 day'
        """
    )
    return Failures(**row)


async def select_confirm_problem(db: Pool, user_id: int) -> str | None:
    """Return why the last mail to confirm an account's address was not sent, or None."""
    return await db.fetchval(
        """
        SELECT problem FROM mails WHERE user_id = $1 AND kind = 'confirm' ORDER BY id DESC LIMIT 1
        """,
        user_id,
    )
