"""/admin/people/<name>: one account for admins, with its votes and projects, and what they can do."""

from collections.abc import Awaitable, Callable

from quart import Blueprint, abort, flash, redirect, render_template, request
from quart.typing import ResponseReturnValue

from app.accounts.drafts.form_drafts import SENT_BY, SENT_TO, form_done, read_draft
from app.accounts.forms import is_username
from app.accounts.guard import require_admin
from app.accounts.person import DELETED_PREFIX
from app.accounts.queries import Account, select_any_user
from app.accounts.settings.only_admin import OnlyAdmin
from app.accounts.state import accounts
from app.accounts.user import User
from app.accounts.withdrawals.queries import select_withdrawal
from app.moderation import actions, queries
from app.moderation.forms import PAGE, before, next_url, read_action
from app.moderation.people.queries import select_vote_count, select_votes_of
from app.moderation.routes import NOTHING_TO_DO
from app.services import services

blueprint = Blueprint("account_page", __name__, url_prefix="/admin")


@blueprint.get("/users/<username>")
async def former_address(username: str) -> ResponseReturnValue:
    """Lead to the page from the address that it had before."""
    await require_admin()
    account = await _account(username)
    return redirect(f"/admin/people/{account.username}", 301)


@blueprint.get("/people/<username>")
async def account_page(username: str) -> str:
    admin = await require_admin()
    account = await _account(username)
    projects = await queries.select_projects_of(services().db, account.id, before(), PAGE + 1)
    return await render_template(
        "moderation/account.html",
        account=account,
        drafts=_by_form(await read_draft(admin.id, request.path)),
        deleted=account.username.startswith(DELETED_PREFIX),
        projects=projects[:PAGE],
        next_url=next_url(projects),
        withdrawal=await select_withdrawal(services().db, account.id),
        votes=await select_votes_of(services().db, account.id, PAGE),
        vote_count=await select_vote_count(services().db, account.id),
        actions=await queries.select_actions(services().db, None, PAGE, user_id=account.id),
    )


def _by_form(draft: dict[str, str]) -> dict[str, dict[str, str]]:
    """Return the draft under the name of the form it was typed into; nothing for the others."""
    name = "projects" if draft.get(SENT_BY, "").endswith("-projects") else "state"
    if draft.get(SENT_TO, "").endswith("/link"):
        name = "link"
    return {"state": {}, "link": {}, "projects": {}, name: draft}


@blueprint.post("/people/<username>")
@blueprint.post("/users/<username>")  # of a page that was opened before an upgrade
async def moderate_user(username: str) -> ResponseReturnValue:
    admin = await require_admin(request.path)
    account = await _account(username)
    action, reason = await read_action(USER_ACTIONS)
    if account.id == admin.id:
        abort(422, "You cannot do this to your own account. Ask another admin.")
    await flash(await USER_ACTIONS[action](admin, account, reason))
    await form_done(admin.id, request.path)
    return redirect(f"/admin/people/{account.username}", 303)


async def _suspend(admin: User, account: Account, reason: str) -> str:
    try:
        done = await actions.suspend(services(), accounts(), admin.id, account.id, reason)
    except OnlyAdmin as error:
        abort(422, str(error))
    return f"{account.username} is suspended." if done else NOTHING_TO_DO


async def _unsuspend(admin: User, account: Account, reason: str) -> str:
    """End a suspension, but not while votes are being removed: new votes would be removed as well."""
    withdrawal = await select_withdrawal(services().db, account.id)
    if withdrawal is not None and withdrawal.finished_at is None:
        return "The votes are still being removed. End the suspension when that is done."
    done = await actions.unsuspend(services(), admin.id, account.id, reason)
    return f"{account.username} can sign in again." if done else NOTHING_TO_DO


async def _withdraw(admin: User, account: Account, reason: str) -> str:
    """Remove all votes of a suspended or deleted account; any other could cast new votes meanwhile."""
    if account.suspended_at is None and not account.username.startswith(DELETED_PREFIX):
        return f"Suspend {account.username} first."
    count = await actions.request_withdrawal(services(), admin.id, account.id, reason)
    return f"{count:,} votes are being removed from the tallies."


async def _hide_projects(admin: User, account: Account, reason: str) -> str:
    count = await actions.moderate_projects_of(services(), admin.id, "hide", [account.id], reason)
    return f"{_projects(count)} hidden." if count else NOTHING_TO_DO


async def _restore_projects(admin: User, account: Account, reason: str) -> str:
    count = await actions.moderate_projects_of(services(), admin.id, "restore", [account.id], reason)
    return f"{_projects(count)} back in the lists." if count else NOTHING_TO_DO


def _projects(count: int) -> str:
    return "1 project is" if count == 1 else f"{count:,} projects are"


USER_ACTIONS: dict[str, Callable[[User, Account, str], Awaitable[str]]] = {
    "suspend": _suspend,
    "unsuspend": _unsuspend,
    "withdraw": _withdraw,
    "hide-projects": _hide_projects,
    "restore-projects": _restore_projects,
}


async def _account(username: str) -> Account:
    """Return an account, also a deleted one, whose projects may still be on the board."""
    account = await select_any_user(services().db, username) if is_username(username) else None
    if account is None:
        abort(404, "There is no user with this name.")
    return account
