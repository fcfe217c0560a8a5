"""Gives usernames and display names to accounts: none that is taken, or looks like one that is."""

import asyncio
import hashlib
import hmac

from asyncpg import Connection

from app.accounts import queries
from app.accounts.look_alikes import skeleton
from app.accounts.queries import Account
from app.accounts.reserved_names import is_reserved
from app.texts import count_graphemes

LONGEST = 60  # characters of a display name, as people count them
MOST_CODE_POINTS = 300
CHECK_MARKS = frozenset("✓✔☑✅🗸🗹⍻√")


class NameTaken(Exception):
    """An account has this name or one that looks like it, or had it before it was deleted.

    `field` is "username" or "display_name"; `alike` tells that it only looks like one of those.
    """

    def __init__(self, field: str = "username", *, alike: bool = False) -> None:
        super().__init__(f"this {field} {'looks like one that is' if alike else 'is'} taken")
        self.field, self.alike = field, alike


def display_name_error(name: str, board_name: str) -> str | None:
    """Return why a display name, cleaned by clean_line, is refused, or None."""
    if count_graphemes(name) > LONGEST or len(name) > MOST_CODE_POINTS:
        return f"A display name has at most {LONGEST} characters."
    if is_reserved(name, board_name):
        return "That name would look like the staff of this board. Choose another one."
    if not CHECK_MARKS.isdisjoint(name):
        return "A display name has no check mark, which would look as if the board had verified it."
    return None


def name_digest(secret_key: str, username: str) -> bytes:
    """Return what is kept of a deleted account's name.

    It tells whether somebody asks for that name again, but nobody without SECRET_KEY can find the name
    by trying likely ones.
    """
    return hmac.digest(secret_key.encode(), b"former name:" + username.encode(), hashlib.sha256)


def look_digest(secret_key: str, username: str) -> bytes:
    """Return what is kept of how a deleted account's name looked."""
    return name_digest(secret_key, f"looks like {skeleton(username)}")


async def insert_account(
    db: Connection,
    secret_key: str,
    username: str,
    password_hash: str | None,
    *,
    is_admin: bool = False,
    invitation_id: int | None = None,
    display_name: str | None = None,
) -> Account:
    """Create an account under a name that was never given, nor one that looks like it.

    Needs a transaction. Raises NameTaken. People make theirs by `register` of
    app/accounts/registration.py.
    """
    looks = await asyncio.to_thread(skeleton, username)
    wanted = skeleton(display_name) if display_name else looks
    await queries.lock_skeletons(db, (looks, wanted))
    account = await queries.insert_user(
        db, username, password_hash, is_admin=is_admin, invitation_id=invitation_id
    )
    # Asked after the insert, which has waited for a deletion of this name that was under way.
    if account is None or await queries.select_is_former_name(db, name_digest(secret_key, username)):
        raise NameTaken
    await _require_free(db, secret_key, username, looks, account.id, "username")
    if display_name:
        await _require_free(db, secret_key, display_name, wanted, account.id, "display_name")
        await queries.update_display_name(db, account.id, display_name, wanted)
    return account


async def set_display_name(db: Connection, secret_key: str, user_id: int, name: str | None) -> None:
    """Give an account a display name, or take it away. Needs a transaction. Raises NameTaken."""
    looks = await asyncio.to_thread(skeleton, name) if name else None
    if name and looks:
        await queries.lock_skeletons(db, [looks])
        await _require_free(db, secret_key, name, looks, user_id, "display_name")
    await queries.update_display_name(db, user_id, name, looks)


async def _require_free(
    db: Connection, secret_key: str, name: str, looks: str, user_id: int, field: str
) -> None:
    """Raise NameTaken if another account has, or had, a name that looks like this one."""
    taken = await queries.select_looks_taken(db, looks, user_id)
    # Asked second, so that an account that is deleted in between is found as a former one.
    if taken or await queries.select_is_former_name(db, look_digest(secret_key, name)):
        raise NameTaken(field, alike=True)
