"""Pages to sign in and out."""

import re
from contextlib import suppress

from quart import Blueprint, abort, redirect, render_template, request
from quart.typing import ResponseReturnValue
from werkzeug.exceptions import TooManyRequests

from app.accounts import queries
from app.accounts.attempts import try_to_sign_in
from app.accounts.drafts.queries import delete_drafts
from app.accounts.forms import is_username
from app.accounts.guard import known_user
from app.accounts.hash_line import hashing
from app.accounts.passwords import hash_password, needs_rehash
from app.accounts.queries import Account
from app.accounts.refusals import NO_PASSWORDS
from app.accounts.revocation import end_sessions, session_ms
from app.accounts.sessions import sign_in, sign_out
from app.accounts.single_sign_on.queries import select_connected
from app.accounts.state import accounts
from app.accounts.suspended import suspended_page
from app.accounts.user import User
from app.services import services
from app.storage.away import DATABASE_AWAY
from app.web.redirects import local_path
from app.web.strangers import open_to_strangers

blueprint = Blueprint("accounts", __name__)

NO_MATCH = {"username": "Username and password do not match."}


@blueprint.get("/login")
@open_to_strangers
async def login_page() -> str:
    back_to = request.args.get("next", "")
    return await render_template(
        "accounts/login.html",
        form={"next": back_to},
        errors={},
        expired="expired" in request.args,
        kept="kept" in request.args,
        to_vote=bool(re.fullmatch(r"/projects/\d+", back_to)),
    )


@blueprint.post("/login")
@open_to_strangers
async def login() -> ResponseReturnValue:
    if not services().settings.password_sign_in:
        abort(403, NO_PASSWORDS)
    form = (await request.form).to_dict()
    username, password = form.get("username", "").strip().lower(), form.get("password", "")
    account = await queries.select_user(services().db, username) if is_username(username) else None
    try:
        matches = await try_to_sign_in(username, account, password)
    except TooManyRequests as error:
        page = await _form_page("accounts/login.html", form, {"form": error.description or ""})
        return page, 429, {"Retry-After": str(error.retry_after)}
    if account is None or not matches:
        return await _form_page("accounts/login.html", form, NO_MATCH), 422
    if account.suspended_at is not None:
        return await suspended_page(account), 403
    if not await _begin_session(account, password):
        return await _form_page("accounts/login.html", form, NO_MATCH), 422
    return redirect(local_path(form.get("next")), 303)


async def _begin_session(account: Account, password: str) -> bool:
    """Sign in; return False if the account has changed while its password was being checked."""
    began = await queries.select_session_start(services().db, account.id, account.password_hash)
    if began is None:
        return False
    sign_in(account, session_ms(began))
    old_hash = account.password_hash
    # The password was right: nobody waits in line a second time. A later sign-in replaces the hash.
    if hashing.is_free and old_hash and needs_rehash(old_hash, password):
        new_hash = await hash_password(password)
        await queries.update_password_hash(services().db, account.id, old_hash, new_hash)
    return True


@blueprint.post("/logout")
@open_to_strangers
async def logout() -> ResponseReturnValue:
    """End the session of this browser, or with `everywhere` all of the user's, stolen ones too."""
    user, form = known_user(), await request.form
    if user is not None and form.get("everywhere") == "yes":
        accounts().revocations.learn(user.id, await end_sessions(services().db, user.id))
    if user is not None:
        accounts().signed_out.tell(user)
        with suppress(*DATABASE_AWAY):  # they are removed after a day anyway
            await delete_drafts(services().db, user.id)
    sign_out()
    if user is not None and "next" not in form and await _has_provider(user):
        return redirect("/sign-in/ended", 303)
    return redirect(local_path(form.get("next")), 303)


async def _has_provider(user: User) -> bool:
    """Return whether the user signs in with the provider, and so may still be signed in there."""
    issuer = services().settings.oidc_issuer
    if issuer is None:
        return False
    try:
        return await select_connected(services().db, user.id, issuer) is not None
    except DATABASE_AWAY:
        return True


async def _form_page(template: str, form: dict[str, str], errors: dict[str, str] | None = None) -> str:
    return await render_template(template, form={**form, "password": ""}, errors=errors or {})
