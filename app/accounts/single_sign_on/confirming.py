"""Confirming accounts without a password: their owners sign in at the provider once more.

A one-time link of an admin confirms as well, on a board without passwords. Otherwise an account that
has neither a password nor an identity at this provider, but at an earlier one, could not connect.
A user of another site (app/accounts/handover) confirms with a new link of that site.
"""

from quart import redirect
from quart.typing import ResponseReturnValue

from app.accounts.attempts import try_to_confirm
from app.accounts.confirmation import confirm, is_confirmed
from app.accounts.handover.queries import select_came_since
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


async def is_owner(account: Account, user: User, password: str) -> bool:
    """Return whether the signed-in user has confirmed, or gives the account's password.

    Raises TooManyRequests after too many wrong ones.
    """
    return is_confirmed(user.id, user.began) or await try_to_confirm(user, account, password)


async def confirmation_context(account: Account, user: User) -> dict[str, object]:
    """Return for a template how this user confirms: `asks_password`, else at the provider.

    `came_since`: the user comes from another site, and so confirms by a new link of that.
    """
    chosen = services().settings
    connected = await queries.select_connected(services().db, user.id, chosen.oidc_issuer or "")
    has_password, confirmed = account.password_hash is not None, is_confirmed(user.id, user.began)
    usable = chosen.password_sign_in or connected is None
    return {
        "has_password": has_password,
        "asks_password": has_password and usable and not confirmed,
        "confirmed": confirmed,
        "connected": connected,
        "came_since": await select_came_since(services().db, user.id),
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
