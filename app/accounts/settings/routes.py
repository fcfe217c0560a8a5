"""/me/settings: the settings page and API tokens."""

import secrets
from collections.abc import Sequence

from asyncpg import Connection
from quart import Blueprint, abort, flash, redirect, render_template, request
from quart.typing import ResponseReturnValue

from app.accounts.admins import is_admin
from app.accounts.drafts.form_drafts import form_done, read_draft
from app.accounts.guard import SignInFirst, require_user
from app.accounts.idempotency.keys import (
    IdempotencyKey,
    KeyReused,
    creating_once,
    key_of,
    store_created,
)
from app.accounts.idempotency.queries import Created
from app.accounts.mail.queries import select_address, select_confirm_problem
from app.accounts.queries import select_account
from app.accounts.settings import queries
from app.accounts.single_sign_on.confirming import confirmation_context
from app.accounts.state import accounts
from app.accounts.tokens import SCOPES, token_hash, token_of
from app.accounts.user import User
from app.services import services
from app.texts import clean_line

blueprint = Blueprint("me", __name__)

LONGEST_NAME = 60
MAX_TOKENS = 50
# A second click on the button shows the same token for this long (s); the first answer may be lost.
SHOW_AGAIN_SECONDS = 60
NO_SCOPE = "Only an admin's token may make and update projects by key."
SENT_BEFORE = (
    "You have already sent this form, and the token that it created cannot be shown again. "
    "To create another token, send the form again."
)


@blueprint.get("/me/settings")
async def settings_page() -> ResponseReturnValue:
    user = require_user("/me/settings")
    return await render_settings(user, await read_draft(user.id, "/me/settings"))


@blueprint.post("/me/settings/tokens")
async def create_token() -> ResponseReturnValue:
    """Create a token. Only this response shows it, and that to a second click on the button."""
    user = require_user("/me/settings")
    form = await request.form
    name, scopes = clean_line(form.get("name", "")), form.getlist("scope")
    if not set(scopes) <= set(SCOPES) or (scopes and not await is_admin()):
        abort(403, NO_SCOPE)
    if error := _name_error(name):
        return await render_settings(user, form.to_dict(), {"name": error}), 422
    key = key_of("/me/settings/tokens", form.get("key", ""), name, *scopes)
    try:
        token = await _create_once(user.id, name, scopes, key)
    except KeyReused:
        return await render_settings(user, {**form.to_dict(), "key": ""}, {"name": SENT_BEFORE}), 409
    if token is None:
        error = f"You have {MAX_TOKENS} tokens. Revoke one that you do not need."
        return await render_settings(user, form.to_dict(), {"name": error}), 422
    await form_done(user.id, "/me/settings")
    return await render_settings(user, token=token)


def _name_error(name: str) -> str | None:
    if not name:
        return "Give the token a name that can be seen."
    if len(name) > LONGEST_NAME:
        return f"Use at most {LONGEST_NAME} characters for the name. It has {len(name)} now."
    return None


async def _create_once(
    user_id: int, name: str, scopes: Sequence[str], key: IdempotencyKey
) -> str | None:
    """Create a token and return its text; return None if the user has MAX_TOKENS.

    For a repeated key, return the text once more if that is a second click, else raise KeyReused.
    """
    async with creating_once(user_id, key) as (db, created):
        if created is not None:
            return await _show_again(db, user_id, created)
        secret = secrets.token_bytes(32)
        token = _token_of(secret)
        digest = token_hash(token)
        if not await queries.insert_token_within_limit(db, user_id, digest, name, scopes, MAX_TOKENS):
            return None
        await store_created(db, user_id, key, secret=secret)
        return token


async def _show_again(db: Connection, user_id: int, created: Created) -> str:
    token = _token_of(created.secret or b"")
    is_valid = await queries.select_has_token(db, user_id, token_hash(token))
    if created.age > SHOW_AGAIN_SECONDS or not is_valid:
        raise KeyReused(created)
    return token


def _token_of(secret: bytes) -> str:
    return token_of(secret, services().settings.require_secret_key())


@blueprint.post("/me/settings/tokens/<id:token_id>/revoke")
async def revoke_token(token_id: int) -> ResponseReturnValue:
    user_id = require_user("/me/settings").id
    revoked = await queries.delete_token(services().db, user_id, token_id)
    if revoked is None:
        abort(404, "You have no such token. It may have been revoked already.")
    accounts().tokens.forget(revoked)
    await flash("Token revoked. It stops working within a few seconds.")
    return redirect("/me/settings#tokens", 303)


async def render_settings(
    user: User,
    form: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
    token: str | None = None,
) -> str:
    """Return the page, with the errors of one of its forms, or with a new token."""
    return await render_template(
        "me/settings.html",
        form=form or {},
        errors=errors or {},
        token=token,
        mail=await select_address(services().db, user.id),
        mail_problem=await select_confirm_problem(services().db, user.id),
        password_help=await queries.select_password_help(services().db, user.id),
        tokens=await queries.select_tokens(services().db, user.id),
        **await _confirmation(user),
    )


async def _confirmation(user: User) -> dict[str, object]:
    # Not require_account: a session that has been ended meanwhile still gets its answer.
    account = await select_account(services().db, user.id)
    if account is None:
        raise SignInFirst("/me/settings")
    return {"display_name": account.display_name, **await confirmation_context(account, user)}
