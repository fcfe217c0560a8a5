"""Change the password: it asks for the current one and ends all other sessions."""

from quart import Blueprint, flash, redirect, request
from quart.typing import ResponseReturnValue
from werkzeug.exceptions import TooManyRequests

from app.accounts.forms import PASSWORD_LENGTH
from app.accounts.guard import sign_in_first
from app.accounts.limits.attempts import attempt_to_sign_in
from app.accounts.passwords import check_password, hash_password
from app.accounts.queries import Account, select_account, update_password_hash
from app.accounts.revocation import end_sessions
from app.accounts.sessions import sign_in, signed_in_id
from app.accounts.settings.routes import render_settings
from app.accounts.state import accounts
from app.services import services

blueprint = Blueprint("password", __name__)

NOT_CURRENT = {"current": "That is not your current password."}


@blueprint.post("/me/settings/password")
async def change_password() -> ResponseReturnValue:
    user_id = signed_in_id()
    account = None if user_id is None else await select_account(services().db, user_id)
    if account is None:
        return sign_in_first("/me/settings")
    if wait := await attempt_to_sign_in(account.username):
        raise TooManyRequests(f"Too many tries. Try again in {wait} s.", retry_after=wait)
    form = (await request.form).to_dict()
    new = form.get("password", "")
    errors = await _errors(account, form.get("current", ""), new)
    if errors:
        return await render_settings(account.id, errors=errors), 422
    if not await _change(account, new):
        return await render_settings(account.id, errors=NOT_CURRENT), 422
    await flash("The password is changed. You are signed out everywhere else.")
    return redirect("/me/settings", 303)


async def _errors(account: Account, current: str, new: str) -> dict[str, str]:
    errors: dict[str, str] = {}
    if not await check_password(account.password_hash, current):
        errors |= NOT_CURRENT
    if len(new) not in PASSWORD_LENGTH:
        errors["password"] = "A password has 8 to 200 characters."
    return errors


async def _change(account: Account, new: str) -> bool:
    """This session goes on, as one that began after all others had ended.

    False when somebody was quicker: the password is another one by now, or the account is suspended.
    """
    password_hash = await hash_password(new)
    async with services().db.acquire() as db, db.transaction():
        if not await update_password_hash(db, account.id, account.password_hash, password_hash):
            return False
        ended = await end_sessions(db, account.id)
    accounts().revocations.learn(account.id, ended)
    sign_in(account, ended + 1)
    return True
