"""Pages to register and to sign in and out."""

import re
from contextlib import suppress

from quart import Blueprint, redirect, render_template, request
from quart.typing import ResponseReturnValue

from app.accounts import queries
from app.accounts.attempts import attempt_to_register, attempt_to_sign_in
from app.accounts.drafts.queries import delete_drafts
from app.accounts.forms import check_credentials, is_username
from app.accounts.guard import known_user
from app.accounts.idempotency import IdempotencyKey, find_created, key_of, store_created
from app.accounts.names import NameTaken, insert_account, is_reserved
from app.accounts.passwords import check_password, hash_password, needs_rehash
from app.accounts.queries import Account
from app.accounts.revocation import end_sessions, milliseconds
from app.accounts.sessions import sign_in, sign_out
from app.accounts.state import accounts
from app.accounts.suspended import suspended_page
from app.services import services
from app.storage.away import DATABASE_AWAY
from app.web.redirects import local_path
from app.web.strangers import open_to_strangers

blueprint = Blueprint("accounts", __name__)

NO_MATCH = {"username": "Username and password do not match."}


@blueprint.get("/register")
@open_to_strangers
async def register_page() -> str:
    return await _form_page("accounts/register.html", {"next": request.args.get("next", "")})


@blueprint.post("/register")
@open_to_strangers
async def register() -> ResponseReturnValue:
    form = (await request.form).to_dict()
    username, password = form.get("username", "").strip(), form.get("password", "")
    errors = check_credentials(username, password)
    if is_reserved(username):
        errors["username"] = "That username is reserved. Choose another one."
    if errors:
        return await _form_page("accounts/register.html", form, errors), 422
    if wait := await attempt_to_register():
        return await _too_many_attempts("accounts/register.html", form, wait)
    key = key_of("/register", form.get("key", ""), username)
    account = await _create_account(username, password, key)
    if account is None:
        errors = {"username": "That username is taken. Choose another one."}
        return await _form_page("accounts/register.html", form, errors), 422
    sign_in(account, milliseconds(account.created_at))
    return redirect(local_path(form.get("next")), 303)


async def _create_account(username: str, password: str, key: IdempotencyKey) -> Account | None:
    """Create an account; return None if the name is taken, unless this very form has taken it."""
    password_hash = await hash_password(password)
    secret_key = services().settings.require_secret_key()
    try:
        async with services().db.acquire() as db, db.transaction():
            account = await insert_account(db, secret_key, username, password_hash)
            await store_created(db, account.id, key)
    except NameTaken:
        return await _created_before(username, password, key)
    return account


async def _created_before(username: str, password: str, key: IdempotencyKey) -> Account | None:
    """Return the account if this form has created it, as by a second click on its button."""
    account = await queries.select_user(services().db, username) if key.given else None
    if account is None or account.suspended_at or not await find_created(account.id, key):
        return None
    return account if await check_password(account.password_hash, password) else None


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
    form = (await request.form).to_dict()
    username, password = form.get("username", "").strip().lower(), form.get("password", "")
    if wait := await attempt_to_sign_in(username):
        return await _too_many_attempts("accounts/login.html", form, wait)
    account = await queries.select_user(services().db, username) if is_username(username) else None
    matches = await check_password(account.password_hash if account else None, password)
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
    sign_in(account, milliseconds(began))
    if account.password_hash and needs_rehash(account.password_hash, password):
        new_hash = await hash_password(password)
        await queries.update_password_hash(services().db, account.id, account.password_hash, new_hash)
    return True


@blueprint.post("/logout")
@open_to_strangers
async def logout() -> ResponseReturnValue:
    """End the session of this browser, or with `everywhere` all of the user's, stolen ones too."""
    user = known_user()
    if user is not None and (await request.form).get("everywhere") == "yes":
        accounts().revocations.learn(user.id, await end_sessions(services().db, user.id))
    if user is not None:
        accounts().on_sign_out(user)
        with suppress(*DATABASE_AWAY):  # they are removed after a day anyway
            await delete_drafts(services().db, user.id)
    sign_out()
    return redirect("/", 303)


async def _too_many_attempts(template: str, form: dict[str, str], wait: int) -> ResponseReturnValue:
    errors = {"form": f"Too many attempts. Try again in {wait} s."}
    return await _form_page(template, form, errors), 429, {"Retry-After": str(wait)}


async def _form_page(template: str, form: dict[str, str], errors: dict[str, str] | None = None) -> str:
    return await render_template(template, form={**form, "password": ""}, errors=errors or {})
