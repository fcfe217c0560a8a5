"""Registration: the only way in which a person makes an account.

Used by /register, by /join and by the first sign-in through an identity provider. Operators make
accounts with `upvote user create`, which asks nobody.
"""

from typing import Literal

from asyncpg import Connection

from app.accounts.invitations import Unusable, is_code, why_unusable
from app.accounts.invitations.queries import Invitation, select_invitation, update_invitation_used
from app.accounts.names import insert_account
from app.accounts.queries import Account
from app.board.queries import select_registration_for_share
from app.services import board, services

Refusal = Literal["closed", "invited"] | Unusable


class RegistrationRefused(Exception):
    """Nobody can make an account in this way now.

    `reason` "invited": an invitation is needed and none was given.
    """

    def __init__(self, reason: Refusal) -> None:
        super().__init__(reason)
        self.reason: Refusal = reason


async def check_registration(code: str = "") -> Invitation | None:
    """Return the invitation with this code, or None without a code; raise RegistrationRefused.

    For pages, and to do no work in vain. What this process knows of the board may be FOLLOW_SECONDS
    old, so only `register` decides.
    """
    registration = board().settings.registration
    if registration == "closed" or (registration == "invited" and not code):
        raise RegistrationRefused(registration)
    if not code:
        return None
    invitation = await select_invitation(services().db, code) if is_code(code) else None
    if reason := why_unusable(invitation):
        raise RegistrationRefused(reason)
    return invitation


async def register(
    db: Connection,
    secret_key: str,
    username: str,
    password_hash: str | None,
    code: str = "",
    display_name: str | None = None,
) -> Account:
    """Create an account, and use the invitation with this code if there is one.

    Needs a transaction, in which the caller may store more about the account: if it fails, the
    invitation is not used. The caller has checked the name (app/accounts/forms.py, names.py).
    `password_hash` None: the account has no password.

    What the board says now decides, and it cannot change before the transaction ends: once a change to
    "closed" was answered, no account is made. Raises RegistrationRefused and NameTaken.
    """
    registration = await select_registration_for_share(db)
    if registration == "closed" or (registration == "invited" and not code):
        raise RegistrationRefused(registration)
    if not code:
        return await insert_account(db, secret_key, username, password_hash, display_name=display_name)
    if not is_code(code):
        raise RegistrationRefused("unknown")
    invitation = await update_invitation_used(db, code)
    if invitation is None:
        found = await select_invitation(db, code)
        raise RegistrationRefused(why_unusable(found) or "used up")
    return await insert_account(
        db,
        secret_key,
        username,
        password_hash,
        is_admin=invitation.makes_admins,
        invitation_id=invitation.id,
        display_name=display_name,
    )
