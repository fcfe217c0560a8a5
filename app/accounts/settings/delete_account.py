"""Delete an account: its name, password, tokens and sessions go, and its votes leave the tallies.

The event log stays, without a name. The projects stay too, unless the author chooses to delete them.
"""

import secrets

from quart import Blueprint, flash, redirect, render_template, request
from quart.typing import ResponseReturnValue

from app.accounts.attempts import attempt_to_confirm, too_many_attempts
from app.accounts.drafts.queries import delete_drafts
from app.accounts.forms import DELETED_PREFIX
from app.accounts.guard import require_account, require_user
from app.accounts.idempotency.queries import delete_keys
from app.accounts.names import name_digest
from app.accounts.passwords import check_password
from app.accounts.queries import Account, insert_former_name
from app.accounts.revocation import end_sessions
from app.accounts.sessions import sign_out
from app.accounts.settings import queries
from app.accounts.state import AccountsState, accounts
from app.accounts.withdrawals.queries import insert_withdrawal
from app.services import Services, services
from app.voting import closing

blueprint = Blueprint("delete_account", __name__)


@blueprint.get("/me/settings/delete")
async def delete_account_page() -> ResponseReturnValue:
    require_user("/me/settings/delete")
    return await render_template("me/delete.html", form={}, errors={})


@blueprint.post("/me/settings/delete")
async def delete_account() -> ResponseReturnValue:
    account = await require_account("/me/settings/delete")
    if wait := await attempt_to_confirm(require_user("/me/settings/delete")):
        raise too_many_attempts(wait)
    form = (await request.form).to_dict()
    if not await check_password(account.password_hash, form.get("password", "")):
        errors = {"password": "This is not your password."}
        return await render_template("me/delete.html", form=form, errors=errors), 422
    await delete(services(), accounts(), account, delete_projects=form.get("projects") == "remove")
    sign_out()
    await flash("Your account is deleted. Your votes are being removed from the tallies.")
    return redirect("/", 303)


async def delete(
    services: Services, state: AccountsState, account: Account, *, delete_projects: bool
) -> None:
    """Delete an account and, if asked, its projects. The worker withdraws its votes."""
    deleted: list[int] = []
    async with services.db.acquire() as db, db.transaction():
        name = f"{DELETED_PREFIX}{account.id}-{secrets.token_hex(3)}"
        await queries.update_user_deleted(db, account.id, name)
        secret_key = services.settings.require_secret_key()
        await insert_former_name(db, name_digest(secret_key, account.username))
        await queries.delete_tokens(db, account.id)
        await delete_keys(db, account.id)
        await delete_drafts(db, account.id)
        if delete_projects:
            deleted = await queries.update_projects_deleted(db, account.id)
        await insert_withdrawal(db, account.id)
        ended = await end_sessions(db, account.id)
    state.revocations.learn(account.id, ended)
    state.tokens.forget_user(account.id)
    for project_id in deleted:
        await closing.publish_closed(services.db, services.functions, project_id)
