"""Links to set a new password: the way back for somebody who has forgotten it.

A link works once, for a day. It ends with a newer one, and with everything that ends the sessions of
its account: a new password, a suspension, signing out everywhere. A mailed link ends only mailed ones:
anybody can ask for one, and must not end the link that an organiser has handed over.
"""

from datetime import datetime

from asyncpg import Connection, Pool

from app.accounts.links import digest_of, is_secret, new_secret, queries
from app.accounts.queries import Account
from app.accounts.revocation import end_sessions

PATH = "/password/"


async def make_link(db: Connection, user_id: int) -> str | None:
    """Return the secret of a new link, or None if the account is suspended or gone.

    Needs a transaction.
    """
    if not await queries.select_user_for_link(db, user_id):
        return None
    await queries.delete_links(db, user_id)
    secret = new_secret()
    await queries.insert_link(db, user_id, digest_of(secret), mailed=False)
    return secret


async def store_mailed_link(
    db: Connection, user_id: int, secret: str, sent_before: datetime | None
) -> bool:
    """Store the link of a mail; return False if the account is suspended or gone. Needs a transaction.

    `sent_before`: when a mail was asked for that an earlier try may have sent, with the same link.
    Return False as well if that link may have been used, or was ended with the sessions: it works once.
    """
    if not await queries.select_user_for_link(db, user_id):
        return False
    if sent_before and await queries.select_ended_since(db, user_id, sent_before):
        return False
    await queries.insert_link(db, user_id, digest_of(secret), mailed=True)
    return True


async def find_account(db: Pool, secret: str) -> Account | None:
    """Return the account of a link that is valid. Changes nothing: programs look at links as well."""
    return await queries.select_link_account(db, digest_of(secret)) if is_secret(secret) else None


async def use_link(db: Pool, secret: str, account: Account, password: str | None) -> int | None:
    """Set the password of a link's account and end all its sessions; return the time (ms) of that.

    None: the board has no passwords, so the link only lets its owner in. Of several uses at once one
    succeeds: each locks the account, and the others find no link any more. They get None.
    """
    from app.accounts.passwords import hash_password  # here: the worker, which mails links, hashes none

    password_hash = None if password is None else await hash_password(password)
    async with db.acquire() as connection, connection.transaction():
        if not await queries.select_user_for_link(connection, account.id):
            return None
        if await queries.select_link_account(connection, digest_of(secret)) is None:
            return None
        if password_hash is None:
            await queries.delete_links(connection, account.id)
            return await end_sessions(connection, account.id)
        return await set_password(connection, account.id, password_hash)


async def set_password(db: Connection, user_id: int, password_hash: str) -> int:
    """Set a password and end all sessions and links; return the time (ms) of that."""
    await queries.update_password(db, user_id, password_hash)
    return await end_all_after_new_password(db, user_id)


async def end_all_after_new_password(db: Connection, user_id: int) -> int:
    """End all sessions and links of an account, and write to its owner; return the time (ms) of that.

    Needs the transaction that has set the password.
    """
    await queries.delete_links(db, user_id)
    await queries.insert_password_notice(db, user_id)
    return await end_sessions(db, user_id)
