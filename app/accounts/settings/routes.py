"""/me/settings: password and API tokens."""

from quart import Blueprint, abort, flash, redirect, render_template, request
from quart.typing import ResponseReturnValue

from app.accounts.guard import sign_in_first
from app.accounts.sessions import signed_in_id
from app.accounts.settings import queries
from app.accounts.state import accounts
from app.accounts.tokens import new_token, token_hash
from app.services import services

blueprint = Blueprint("me", __name__)

LONGEST_NAME = 60
MOST_TOKENS = 50


@blueprint.get("/me/settings")
async def settings_page() -> ResponseReturnValue:
    user_id = signed_in_id()
    if user_id is None:
        return sign_in_first("/me/settings")
    return await render_settings(user_id)


@blueprint.post("/me/settings/tokens")
async def make_token() -> ResponseReturnValue:
    """The answer is the one and only page that shows the token."""
    user_id = signed_in_id()
    if user_id is None:
        return sign_in_first("/me/settings")
    name = " ".join((await request.form).get("name", "").replace("\0", "").split())
    error, token = await _make_token(user_id, name)
    if error:
        return await render_settings(user_id, {"name": name}, {"name": error}), 422
    return await render_settings(user_id, token=token)


async def _make_token(user_id: int, name: str) -> tuple[str | None, str]:
    """What is wrong with it, if anything, and the token."""
    token = new_token()
    if not 1 <= len(name) <= LONGEST_NAME:
        return f"Name the token, in at most {LONGEST_NAME} characters.", token
    async with services().db.acquire() as db, db.transaction():
        made = await queries.insert_token_of(db, user_id, token_hash(token), name, MOST_TOKENS)
    full = f"You have {MOST_TOKENS} tokens. Revoke one that you do not need."
    return None if made else full, token


@blueprint.post("/me/settings/tokens/<id:token_id>/revoke")
async def revoke_token(token_id: int) -> ResponseReturnValue:
    user_id = signed_in_id()
    if user_id is None:
        return sign_in_first("/me/settings")
    revoked = await queries.delete_token(services().db, user_id, token_id)
    if revoked is None:
        abort(404, "You have no such token. It may have been revoked already.")
    accounts().tokens.forget(revoked)
    await flash("The token is revoked. It stops working within a few seconds.")
    return redirect("/me/settings#tokens", 303)


async def render_settings(
    user_id: int,
    form: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
    token: str | None = None,
) -> str:
    """The page, with what is wrong in one of its forms, or with a token that was just made."""
    return await render_template(
        "me/settings.html",
        form=form or {},
        errors=errors or {},
        token=token,
        tokens=await queries.select_tokens(services().db, user_id),
    )
