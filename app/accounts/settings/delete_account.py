"""Delete one's account: its name, password, tokens and sessions go, and its votes leave the tallies.

What others built on stays: the event log, without a name, and the projects, unless their author takes
them along.
"""

import secrets

from quart import Blueprint, flash, redirect, render_template, request
from quart.typing import ResponseReturnValue
from werkzeug.exceptions import TooManyRequests

from app.accounts.forms import DELETED
from app.accounts.guard import sign_in_first
from app.accounts.limits.attempts import attempt_to_sign_in
from app.accounts.passwords import check_password
from app.accounts.queries import Account, select_account
from app.accounts.revocation import end_sessions
from app.accounts.sessions import sign_out, signed_in_id
from app.accounts.settings import queries
from app.accounts.state import AccountsState, accounts
from app.accounts.withdrawals.queries import insert_withdrawal
from app.services import Services, services
from app.voting import closing

blueprint = Blueprint("leaving", __name__)


@blueprint.get("/me/settings/delete")
async def leaving_page() -> ResponseReturnValue:
    if signed_in_id() is None:
        return sign_in_first("/me/settings/delete")
    return await render_template("me/delete.html", form={}, errors={})


@blueprint.post("/me/settings/delete")
async def delete_account() -> ResponseReturnValue:
    user_id = signed_in_id()
    account = None if user_id is None else await select_account(services().db, user_id)
    if account is None:
        return sign_in_first("/me/settings/delete")
    if wait := await attempt_to_sign_in(account.username):
        raise TooManyRequests(f"Too many tries. Try again in {wait} s.", retry_after=wait)
    form = (await request.form).to_dict()
    if not await check_password(account.password_hash, form.get("password", "")):
        errors = {"password": "That is not your password."}
        return await render_template("me/delete.html", form=form, errors=errors), 422
    await delete(services(), accounts(), account, take_projects=form.get("projects") == "remove")
    sign_out()
    await flash("Your account is deleted. Your votes are being taken out of the tallies.")
    return redirect("/", 303)


async def delete(
    services: Services, state: AccountsState, account: Account, *, take_projects: bool
) -> None:
    """Delete an account, and its projects if they are to go; its votes are left to the worker."""
    taken: list[int] = []
    async with services.db.acquire() as db, db.transaction():
        name = f"{DELETED}{account.id}-{secrets.token_hex(3)}"
        await queries.update_user_deleted(db, account.id, name)
        await queries.delete_tokens(db, account.id)
        if take_projects:
            taken = await queries.update_projects_deleted(db, account.id)
        await insert_withdrawal(db, account.id)
        ended = await end_sessions(db, account.id)
    state.revocations.learn(account.id, ended)
    state.tokens.forget_user(account.id)
    for project_id in taken:
        await closing.publish_closed(services.db, services.functions, project_id)
