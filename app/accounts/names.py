"""Names that nobody can register: those of the board itself, and those of deleted accounts."""

import hashlib
import hmac

from asyncpg import Connection

from app.accounts import queries
from app.accounts.queries import Account

# Names that people would take for the board, its staff or nobody. Accounts that have one keep it.
RESERVED = frozenset((
    "abuse", "admin", "administrator", "administrators", "admins", "anonymous", "api", "board",
    "deleted", "deleteduser", "everyone", "help", "helpdesk", "hostmaster", "info", "me", "mod",
    "moderation", "moderator", "moderators", "mods", "nobody", "noreply", "none", "null",
    "official", "operator", "ops", "owner", "postmaster", "root", "security", "staff",
    "superuser", "support", "sysadmin", "system", "undefined", "unknown", "upvote", "webmaster",
))  # fmt: skip


class NameTaken(Exception):
    """An account has this name, or had it before it was deleted."""


def is_reserved(username: str) -> bool:
    """Return whether a name is reserved, however it is hyphenated. An operator can still create it."""
    return username.replace("-", "").replace("_", "") in RESERVED


def name_digest(secret_key: str, username: str) -> bytes:
    """Return what is kept of a deleted account's name.

    It tells whether somebody asks for that name again, but nobody without SECRET_KEY can find the name
    by trying likely ones.
    """
    return hmac.digest(secret_key.encode(), b"former name:" + username.encode(), hashlib.sha256)


async def insert_account(
    db: Connection,
    secret_key: str,
    username: str,
    password_hash: str | None,
    *,
    is_admin: bool = False,
    invitation_id: int | None = None,
) -> Account:
    """Create an account under a name that was never given. Needs a transaction. Raises NameTaken.

    People make theirs by `register` of app/accounts/registration.py.
    """
    account = await queries.insert_user(
        db, username, password_hash, is_admin=is_admin, invitation_id=invitation_id
    )
    # Asked after the insert, which has waited for a deletion of this name that was under way.
    if account is None or await queries.select_is_former_name(db, name_digest(secret_key, username)):
        raise NameTaken
    return account
