"""/password/<secret>: the page of a link to set a new password."""

from quart import Blueprint, flash, redirect, render_template, request
from quart.typing import ResponseReturnValue

from app.accounts.confirmation import confirm
from app.accounts.forms import password_error
from app.accounts.links.password_links import find_account, use_link
from app.accounts.queries import Account
from app.accounts.sessions import sign_in
from app.accounts.state import accounts
from app.services import board, services
from app.web.headers import keep_address_secret
from app.web.strangers import open_to_strangers

blueprint = Blueprint("password_links", __name__)
blueprint.after_request(keep_address_secret)

DONE = "Your new password is set, and you are signed in. Everywhere else you are signed out."

ENTERED = "You are signed in. Everywhere else you are signed out."


@blueprint.get("/password/<secret>")
@open_to_strangers
async def password_page(secret: str) -> ResponseReturnValue:
    """Show the form, however often: mail scanners and previews of links open it before its reader."""
    account = await find_account(services().db, secret)
    if account is None:
        return await _no_link()
    return await render_template("password/new.html", account=account, errors={})


@blueprint.post("/password/<secret>")
@open_to_strangers
async def set_new_password(secret: str) -> ResponseReturnValue:
    """Set the password, once; end all other sessions, and sign in.

    On a board without passwords the link only signs in, which also confirms who it is.
    """
    account = await find_account(services().db, secret)
    if account is None:
        return await _no_link()
    if not services().settings.password_sign_in:
        return await _enter(secret, account, None, ENTERED)
    password = (await request.form).get("password", "")
    if error := await password_error(password, account.username, board().settings.name):
        errors = {"password": error}
        return await render_template("password/new.html", account=account, errors=errors), 422
    return await _enter(secret, account, password, DONE)


async def _enter(
    secret: str, account: Account, password: str | None, message: str
) -> ResponseReturnValue:
    ended = await use_link(services().db, secret, account, password)
    if ended is None:
        return await _no_link()
    accounts().revocations.learn(account.id, ended)
    sign_in(account, ended + 1)
    if password is None:
        confirm(account.id, ended + 1)
    await flash(message)
    return redirect("/", 303)


@blueprint.get("/.well-known/change-password")
@open_to_strangers
async def change_password_address() -> ResponseReturnValue:
    """Lead password managers to the form (https://w3c.github.io/webappsec-change-password-url)."""
    return redirect("/me/settings#password-title", 303)


async def _no_link() -> ResponseReturnValue:
    return await render_template("password/gone.html"), 404
