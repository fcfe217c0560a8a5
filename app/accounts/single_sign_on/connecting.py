"""/me/settings/provider: connect the provider with an account, and disconnect it.

Only somebody who is signed in connects an account, and shows first that it is really them.
"""

from quart import Blueprint, abort, flash, redirect, render_template, request
from quart.typing import ResponseReturnValue

from app.accounts.attempts import try_to_confirm
from app.accounts.confirmation import confirm, is_confirmed
from app.accounts.guard import require_account, require_user
from app.accounts.queries import Account
from app.accounts.revocation import end_sessions
from app.accounts.sessions import sign_in
from app.accounts.single_sign_on import queries
from app.accounts.single_sign_on.confirming import same_user
from app.accounts.single_sign_on.entering import check_not_barred
from app.accounts.single_sign_on.flow import Flow
from app.accounts.single_sign_on.identity import Identity
from app.accounts.single_sign_on.state import provider, provider_label
from app.accounts.state import accounts
from app.accounts.user import User
from app.services import services

blueprint = Blueprint("connecting", __name__)

PAGE = "/me/settings/provider"


@blueprint.get(PAGE)
async def provider_page() -> ResponseReturnValue:
    user = require_user(PAGE)
    return await _page(await require_account(PAGE), user, {})


@blueprint.post(PAGE)
async def confirm_with_password() -> ResponseReturnValue:
    """Check the password; the page then has the link to the provider."""
    user, account = require_user(PAGE), await require_account(PAGE)
    if not await try_to_confirm(user, account, (await request.form).get("password", "")):
        return await _page(account, user, {"password": "This is not your password."}), 422
    confirm(user.id, user.began)
    return await _page(account, user, {}, confirmed=True)


@blueprint.post(f"{PAGE}/disconnect")
async def disconnect() -> ResponseReturnValue:
    """Disconnect the provider if a password is left to sign in with, and end all other sessions."""
    account, issuer = await require_account(PAGE), provider().issuer
    if not services().settings.password_sign_in:
        abort(403, "This board is signed in to with this account only, so it cannot be disconnected.")
    async with services().db.acquire() as db, db.transaction():
        if not await queries.delete_identity(db, account.id, issuer):
            abort(409, "Set a password first: without one you could not sign in any more.")
        ended = await end_sessions(db, account.id)
    accounts().revocations.learn(account.id, ended)
    sign_in(account, ended + 1)
    label = provider_label(services().settings)
    await flash(f"{label} is disconnected. You are signed out everywhere else.")
    return redirect("/me/settings", 303)


async def _page(
    account: Account, user: User, errors: dict[str, str], *, confirmed: bool = False
) -> str:
    return await render_template(
        "me/provider.html",
        connected=await queries.select_connected(services().db, account.id, provider().issuer),
        has_password=account.password_hash is not None,
        confirmed=confirmed or is_confirmed(user.id, user.began),
        errors=errors,
    )


async def finish_connecting(flow: Flow, identity: Identity) -> ResponseReturnValue:
    """Connect the identity with the account that began this. Raises SignInRefused."""
    user = same_user(flow)
    issuer, db = provider().issuer, services().db
    label = provider_label(services().settings)
    owner = await queries.select_identified(db, issuer, identity.subject)
    if owner is None:
        await check_not_barred(issuer, identity.subject)
    if owner is None and await queries.insert_identity(db, issuer, identity.subject, user.id):
        await flash(f"{label} is connected. You can sign in with it from now on.")
    elif owner is not None and owner.id == user.id:
        await flash(f"{label} is connected already.")
    elif owner is not None:
        abort(409, f"That account at {label} belongs to another account here. Nothing was changed.")
    else:
        abort(409, f"You are connected with another account at {label}. Disconnect that one first.")
    return redirect("/me/settings#provider", 303)
