"""Delete an account: its name, password, tokens and sessions go, and its votes leave the tallies.

The event log stays, without a name. The projects stay too, unless the author chooses to delete them.
After the end of voting the votes stay, and outside of the times for submitting the projects do.
"""

import secrets
from collections.abc import Awaitable, Callable

from asyncpg import Connection
from quart import Blueprint, flash, redirect, render_template, request
from quart.typing import ResponseReturnValue

from app.accounts.drafts.queries import delete_drafts
from app.accounts.guard import require_account, require_user
from app.accounts.handover.site_account import bar_subject
from app.accounts.idempotency.queries import delete_keys
from app.accounts.invitations.manage import revoke_admin_invitations
from app.accounts.links.queries import delete_links
from app.accounts.mail.queries import delete_address, delete_mails_of
from app.accounts.names import look_digest, name_digest
from app.accounts.person import DELETED_PREFIX
from app.accounts.queries import Account, insert_former_name
from app.accounts.revocation import end_sessions
from app.accounts.sessions import sign_out
from app.accounts.settings import queries
from app.accounts.settings.only_admin import OnlyAdmin, check_other_admin
from app.accounts.single_sign_on.confirming import confirmation_context, is_owner
from app.accounts.state import AccountsState, accounts
from app.accounts.suspended import not_suspended_page, read_suspended_account
from app.accounts.user import User
from app.accounts.withdrawals.queries import insert_withdrawal
from app.board.phases import locked_submitting_phase, locked_voting_phase
from app.board.queries import select_times_for_share
from app.services import Services, services
from app.voting import closing
from app.web.strangers import open_to_strangers
from app.webhooks.events import write_removed, write_updated
from app.webhooks.queries import lock_projects_of

blueprint = Blueprint("delete_account", __name__)

PAGE = "/me/settings/delete"
NOT_CONFIRMED = {"password": "This is not your password."}
ONLY_ADMIN = {
    "form": "You are the only admin. Make somebody else an admin first: with an invitation for an "
    "admin, or with upvote user admin NAME on the machine of the board."
}
VOTES_GO = "Your votes are being removed from the tallies."
VOTES_STAY = "Voting has ended, so your votes still count, without your name."


@blueprint.get(PAGE)
async def delete_account_page() -> ResponseReturnValue:
    user, account = require_user(PAGE), await require_account(PAGE)
    return await _page(account, user, {}, {})


@blueprint.post(PAGE)
async def delete_account() -> ResponseReturnValue:
    user, account = require_user(PAGE), await require_account(PAGE)
    form = (await request.form).to_dict()
    if not await is_owner(account, user, form.get("password", "")):
        return await _page(account, user, form, NOT_CONFIRMED), 422
    wanted = form.get("projects") == "remove"
    try:
        withdrawn = await delete(services(), accounts(), account, delete_projects=wanted)
    except OnlyAdmin:
        return await _page(account, user, form, ONLY_ADMIN), 422
    sign_out()
    await flash(f"Your account is deleted. {VOTES_GO if withdrawn else VOTES_STAY}")
    return redirect("/", 303)


@blueprint.post("/suspended/delete")
@open_to_strangers
async def delete_suspended() -> ResponseReturnValue:
    """Delete a suspended account, which has no session, for its name and password."""
    account = await read_suspended_account()
    if account is None:
        return await not_suspended_page(), 422
    wanted = (await request.form).get("projects") == "remove"
    withdrawn = await delete(services(), accounts(), account, delete_projects=wanted)
    await flash(f"Your account is deleted. {VOTES_GO if withdrawn else VOTES_STAY}")
    return redirect("/login", 303)


async def _page(account: Account, user: User, form: dict[str, str], errors: dict[str, str]) -> str:
    context = await confirmation_context(account, user)
    if errors is NOT_CONFIRMED and not context["asks_password"]:
        errors = {"form": "Confirm that it is you first."}
    return await render_template("me/delete.html", form=form, errors=errors, **context)


async def delete(
    services: Services,
    state: AccountsState,
    account: Account,
    *,
    delete_projects: bool,
    first: Callable[[Connection], Awaitable[None]] | None = None,
) -> bool:
    """Delete an account and, if asked and still allowed, its projects.

    `first` is called in the transaction before anything changes. Return whether the votes leave the
    tallies, which they do unless voting has ended. The worker withdraws them. If it was deleted
    before, nothing changes. Raises OnlyAdmin.
    """
    deleted: list[int] = []
    async with services.db.acquire() as db, db.transaction():
        # Lock the board's row first: a change of the board locks it before users and projects.
        await select_times_for_share(db)
        await check_other_admin(db, account.id)  # then, since it locks the rows of all admins in order
        found = await queries.select_to_delete(db, account.id)
        if found is None:
            return await locked_voting_phase(services.board, db) != "ended"
        account = found  # it may have been suspended since the request began
        if first is not None:
            await first(db)
        await revoke_admin_invitations(db, None, [account.id], services.board.settings.zone)
        remaining = await lock_projects_of(db, account.id)
        name = f"{DELETED_PREFIX}{account.id}-{secrets.token_hex(3)}"
        display_name = await queries.update_user_deleted(db, account.id, name)
        secret_key = services.settings.require_secret_key()
        await insert_former_name(db, name_digest(secret_key, account.username))
        for former in filter(None, (account.username, display_name)):
            await insert_former_name(db, look_digest(secret_key, former))
        await bar_subject(db, secret_key, account.id)
        await queries.delete_tokens(db, account.id)
        if account.suspended_at is None:  # else nobody evades a suspension by deleting the account
            await queries.delete_identities(db, account.id)
        await queries.delete_memberships(db, account.id)
        await delete_keys(db, account.id)
        await delete_drafts(db, account.id)
        await delete_links(db, account.id)
        await delete_address(db, account.id)
        await delete_mails_of(db, account.id)
        if delete_projects and await locked_submitting_phase(services.board, db) == "open":
            deleted = await queries.update_projects_deleted(db, account.id)
        await write_removed(db, deleted, "deleted")
        await write_updated(db, remaining)  # without the name, those that are not deleted
        withdrawn = await locked_voting_phase(services.board, db) != "ended"
        if withdrawn:
            await insert_withdrawal(db, account.id)
        ended = await end_sessions(db, account.id)
    state.revocations.learn(account.id, ended)
    state.tokens.forget_user(account.id)
    for project_id in deleted:
        await closing.publish_closed(services.db, services.functions, project_id)
    return withdrawn
