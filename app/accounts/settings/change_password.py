"""Change the password: asks for the current one, and ends all other sessions."""

from quart import Blueprint, abort, flash, redirect, request
from quart.typing import ResponseReturnValue

from app.accounts.forms import password_error
from app.accounts.guard import require_account, require_user
from app.accounts.links.password_links import end_all_after_new_password
from app.accounts.passwords import hash_password
from app.accounts.queries import Account, update_password_hash
from app.accounts.refusals import NO_PASSWORDS
from app.accounts.sessions import sign_in
from app.accounts.settings.routes import render_settings
from app.accounts.single_sign_on.confirming import is_owner
from app.accounts.state import accounts
from app.accounts.user import User
from app.services import board, services

blueprint = Blueprint("password", __name__)

PAGE = "/me/settings"
NOT_CURRENT = {"current": "This is not your current password."}
NOT_CONFIRMED = {"form": "Confirm that it is you before you set a password."}


@blueprint.post("/me/settings/password")
async def change_password() -> ResponseReturnValue:
    if not services().settings.password_sign_in:
        abort(403, NO_PASSWORDS)
    user, account = require_user(PAGE), await require_account(PAGE)
    form = (await request.form).to_dict()
    new = form.get("password", "")
    errors = await _errors(account, user, form.get("current", ""), new)
    if errors:
        return await render_settings(user, errors=errors), 422
    if not await _change(account, new):
        return await render_settings(user, errors=NOT_CURRENT), 422
    await flash("Password changed. You are signed out everywhere else.")
    return redirect(PAGE, 303)


async def _errors(account: Account, user: User, current: str, new: str) -> dict[str, str]:
    errors: dict[str, str] = {}
    if not await is_owner(account, user, current):
        errors |= NOT_CURRENT if account.password_hash else NOT_CONFIRMED
    if error := await password_error(new, account.username, board().settings.name):
        errors["password"] = error
    return errors


async def _change(account: Account, new: str) -> bool:
    """Set the password and end all sessions; this one goes on as a session that begins after that.

    Return False if the password was changed or the account suspended meanwhile.
    """
    password_hash = await hash_password(new)
    async with services().db.acquire() as db, db.transaction():
        if not await update_password_hash(db, account.id, account.password_hash, password_hash):
            return False
        ended = await end_all_after_new_password(db, account.id)
    accounts().revocations.learn(account.id, ended)
    sign_in(account, ended + 1)
    return True
