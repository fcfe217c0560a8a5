"""The mail address of an account: given on the settings page, and removed there."""

from quart import Blueprint, abort, flash, redirect, request
from quart.typing import ResponseReturnValue

from app.accounts.drafts.form_drafts import form_done
from app.accounts.guard import require_account, require_user
from app.accounts.mail import queries
from app.accounts.mail.address import is_address
from app.accounts.mail.limits import count_confirmation
from app.accounts.queries import Account
from app.accounts.settings.routes import render_settings
from app.accounts.single_sign_on.confirming import is_owner
from app.accounts.user import User
from app.services import services

blueprint = Blueprint("mail_address", __name__)

NO_ADDRESS = "Enter a mail address such as name@example.org."
NOT_CURRENT = "This is not your current password."


@blueprint.post("/me/settings/mail")
async def give_address() -> ResponseReturnValue:
    """Ask for a confirmation by mail.

    Needs the password: whoever has an address has a way to a new password, also on a stolen session.
    """
    user, account = require_user("/me/settings"), await require_account("/me/settings")
    if services().settings.smtp_url is None:
        abort(404, "This board sends no mail.")
    form = (await request.form).to_dict()
    address = form.get("address", "").strip()
    if errors := await _errors(account, user, address, form.get("mail_password", "")):
        return await render_settings(user, {"address": address}, errors), 422
    await count_confirmation(account.id, address)
    async with services().db.acquire() as db, db.transaction():
        await queries.update_pending(db, account.id, address)
        await queries.insert_mail(db, "confirm", account.id)
    await form_done(user.id, "/me/settings")
    await flash(f"A mail to {address} is on its way. Open the link in it to confirm the address.")
    return redirect("/me/settings#mail", 303)


async def _errors(account: Account, user: User, address: str, password: str) -> dict[str, str]:
    errors = {} if is_address(address) else {"address": NO_ADDRESS}
    if not await is_owner(account, user, password):
        errors["mail_password"] = NOT_CURRENT
    return errors


@blueprint.post("/me/settings/mail/remove")
async def remove_address() -> ResponseReturnValue:
    user_id = require_user("/me/settings").id
    async with services().db.acquire() as db, db.transaction():
        if former := await queries.delete_address(db, user_id):
            await queries.insert_mail(db, "address_changed", user_id, former)
    await flash("Your mail address is removed. Without one, only an organiser can bring you back.")
    return redirect("/me/settings#mail", 303)
