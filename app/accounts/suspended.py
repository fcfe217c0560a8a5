"""The page of a suspended account: the reason, and a form to export its data or to delete it."""

from quart import render_template, request

from app.accounts import queries
from app.accounts.attempts import try_to_sign_in
from app.accounts.confirmation import NO_SESSION, is_confirmed
from app.accounts.forms import is_username
from app.accounts.queries import Account
from app.services import services


async def suspended_page(account: Account, *, confirmed: bool = False) -> str:
    """Return the page, which is only for those who can sign in to the account.

    `confirmed`: its forms need no password for the next minutes.
    """
    return await render_template(
        "accounts/suspended.html",
        username=account.username,
        asks_password=not confirmed,
        reason=await queries.select_suspension_reason(services().db, account.id),
    )


async def not_suspended_page() -> str:
    """Return the page for somebody whose name and password are not those of a suspended account."""
    form = {"username": (await request.form).get("username", "")}
    words = "Username and password do not match those of a suspended account."
    if not services().settings.password_sign_in:
        words = "Sign in once more, and send the form within ten minutes."
    errors = {"form": words}
    return await render_template("accounts/login.html", form=form, errors=errors)


async def read_suspended_account() -> Account | None:
    """Return the suspended account whose name and password the form has, or None.

    A confirmation counts in place of the password: the provider has identified the owner. On a board
    without passwords nothing else does. An attempt counts like one to sign in. Raises TooManyRequests.
    """
    form = await request.form
    username = form.get("username", "")
    account = await queries.select_user(services().db, username) if is_username(username) else None
    if account and account.suspended_at and is_confirmed(account.id, NO_SESSION):
        return account
    if not services().settings.password_sign_in:
        return None
    matches = await try_to_sign_in(username, account, form.get("password", ""))
    return account if account and account.suspended_at and matches else None
