"""/me/settings: the settings page and API tokens."""

from quart import Blueprint, abort, flash, redirect, render_template, request
from quart.typing import ResponseReturnValue

from app.accounts.guard import require_user
from app.accounts.settings import queries
from app.accounts.state import accounts
from app.accounts.tokens import new_token, token_hash
from app.services import services
from app.texts import clean_line

blueprint = Blueprint("me", __name__)

LONGEST_NAME = 60
MAX_TOKENS = 50


@blueprint.get("/me/settings")
async def settings_page() -> ResponseReturnValue:
    user_id = require_user("/me/settings").id
    return await render_settings(user_id)


@blueprint.post("/me/settings/tokens")
async def create_token() -> ResponseReturnValue:
    """Create a token. Only this response shows it."""
    user_id = require_user("/me/settings").id
    name = clean_line((await request.form).get("name", ""))
    error, token = await _create_token(user_id, name)
    if error:
        return await render_settings(user_id, {"name": name}, {"name": error}), 422
    return await render_settings(user_id, token=token)


async def _create_token(user_id: int, name: str) -> tuple[str | None, str]:
    """Return an error message or None, and the token."""
    token = new_token()
    if not name:
        return "Give the token a name that can be seen.", token
    if len(name) > LONGEST_NAME:
        return f"Use at most {LONGEST_NAME} characters for the name. It has {len(name)} now.", token
    async with services().db.acquire() as db, db.transaction():
        created = await queries.insert_token_within_limit(
            db, user_id, token_hash(token), name, MAX_TOKENS
        )
    if not created:
        return f"You have {MAX_TOKENS} tokens. Revoke one that you do not need.", token
    return None, token


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
    user_id: int,
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
        tokens=await queries.select_tokens(services().db, user_id),
    )
