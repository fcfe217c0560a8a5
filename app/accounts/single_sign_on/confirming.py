"""Confirming accounts without a password: their owners sign in at the provider once more.

An account that has neither a password nor this provider (its provider was another one before) is
confirmed while its session is new: it came by a one-time link of an admin.
"""

import time

from quart import redirect
from quart.typing import ResponseReturnValue

from app.accounts.attempts import try_to_confirm
from app.accounts.confirmation import SECONDS, confirm, is_confirmed
from app.accounts.queries import Account
from app.accounts.sessions import signed_in_user
from app.accounts.single_sign_on import queries
from app.accounts.single_sign_on.errors import SignInRefused
from app.accounts.single_sign_on.flow import Flow
from app.accounts.single_sign_on.identity import CLOCK_SECONDS, Identity
from app.accounts.single_sign_on.state import provider
from app.accounts.user import User
from app.services import services
from app.web.redirects import local_path


async def has_confirmed(account: Account, user: User) -> bool:
    """Return whether the signed-in user has confirmed to be the account's owner, a short time ago."""
    if is_confirmed(user.id, user.began):
        return True
    is_new = user.began / 1000 > time.time() - SECONDS
    if account.password_hash is not None or not is_new:
        return False
    issuer = services().settings.oidc_issuer or ""
    return await queries.select_connected(services().db, account.id, issuer) is None


async def is_owner(account: Account, user: User, password: str) -> bool:
    """Return whether the signed-in user has confirmed, or gives the account's password.

    Raises TooManyRequests after too many wrong ones.
    """
    return await has_confirmed(account, user) or await try_to_confirm(user, account, password)


async def confirmation_context(account: Account, user: User) -> dict[str, object]:
    """Return for a template how this user confirms: `asks_password`, `confirmed`, `connected`."""
    chosen = services().settings
    connected = await queries.select_connected(services().db, user.id, chosen.oidc_issuer or "")
    usable = chosen.password_sign_in or connected is None
    return {
        "asks_password": account.password_hash is not None and usable,
        "confirmed": await has_confirmed(account, user),
        "connected": connected,
    }


async def finish_confirming(flow: Flow, identity: Identity) -> ResponseReturnValue:
    """Note that the user has signed in at the provider once more. Raises SignInRefused."""
    user = same_user(flow)
    owner = await queries.select_identified(services().db, provider().issuer, identity.subject)
    if owner is None or owner.id != user.id:
        raise SignInRefused("somebody else than the signed-in user has signed in at the provider")
    # A provider that does not say when it asked has at least said who is signed in to it.
    if identity.asked_at is not None and identity.asked_at < flow.began - CLOCK_SECONDS:
        raise SignInRefused("the provider has not asked to sign in again")
    confirm(user.id, user.began)
    return redirect(local_path(flow.back_to, "/me/settings"), 303)


def same_user(flow: Flow) -> User:
    """Return the signed-in user if it is the one who began this. Raises SignInRefused."""
    user = signed_in_user()
    if user is None or (user.id, user.began) != (flow.user_id, flow.session):
        raise SignInRefused("the session has changed since this began")
    return user
