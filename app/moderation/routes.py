"""/admin: the moderation log, hidden and locked projects, and the forms to moderate; admins only."""

from collections.abc import Awaitable, Callable, Collection

from quart import Blueprint, abort, flash, redirect, render_template, request
from quart.typing import ResponseReturnValue

from app.accounts.drafts import form_done, read_draft
from app.accounts.forms import DELETED_PREFIX, is_username
from app.accounts.guard import require_admin
from app.accounts.queries import Account, select_any_user
from app.accounts.state import accounts
from app.accounts.user import User
from app.accounts.withdrawals.queries import select_withdrawal
from app.moderation import actions, queries
from app.services import services
from app.texts import clean_line
from app.web.ids import MAX_ID
from app.web.redirects import referring_page

blueprint = Blueprint("moderation", __name__, url_prefix="/admin")

PAGE = 50
LONGEST_REASON = 500
CONFIRMATIONS = {
    "hide": "The project is hidden.",
    "restore": "The project is back in the lists.",
    "lock": "Voting on this project is locked, and its author can neither edit nor delete it.",
    "unlock": "Voting on this project is open again, and its author can edit it.",
}
NOTHING_TO_DO = "Nothing changed: this had already been done."


@blueprint.get("/projects")
async def closed_projects() -> str:
    """List the hidden and locked projects. Hidden projects are in no other list."""
    await require_admin()
    found = await queries.select_closed_projects(services().db, _before(), PAGE + 1)
    return await render_template(
        "moderation/projects.html", projects=found[:PAGE], next_url=_next_url(found)
    )


@blueprint.get("/audit")
async def moderation_log() -> str:
    await require_admin()
    found = await queries.select_actions(services().db, _before(), PAGE + 1)
    return await render_template("moderation/log.html", actions=found[:PAGE], next_url=_next_url(found))


@blueprint.post("/projects/<id:project_id>")
async def moderate_project(project_id: int) -> ResponseReturnValue:
    page = f"/projects/{project_id}"
    admin = await require_admin(page)
    action, reason = await _read_form(queries.PROJECT_ACTIONS)
    done = await actions.moderate_project(services(), admin.id, action, project_id, reason)
    await form_done(admin.id, page)
    await flash(CONFIRMATIONS[action] if done else NOTHING_TO_DO)
    return redirect(referring_page(page), 303)


@blueprint.get("/users/<username>")
async def user_page(username: str) -> str:
    admin = await require_admin()
    account = await _account(username)
    projects = await queries.select_projects_of(services().db, account.id, _before(), PAGE + 1)
    return await render_template(
        "moderation/user.html",
        account=account,
        draft=await read_draft(admin.id, request.path),
        deleted=account.username.startswith(DELETED_PREFIX),
        projects=projects[:PAGE],
        next_url=_next_url(projects),
        withdrawal=await select_withdrawal(services().db, account.id),
        actions=await queries.select_actions(services().db, None, PAGE, user_id=account.id),
    )


@blueprint.post("/users/<username>")
async def moderate_user(username: str) -> ResponseReturnValue:
    admin = await require_admin(request.path)
    account = await _account(username)
    action, reason = await _read_form(USER_ACTIONS)
    if account.id == admin.id:
        abort(422, "You cannot do this to your own account. Ask another admin.")
    await flash(await USER_ACTIONS[action](admin, account, reason))
    await form_done(admin.id, request.path)
    return redirect(f"/admin/users/{username}", 303)


async def _suspend(admin: User, account: Account, reason: str) -> str:
    done = await actions.suspend(services(), accounts(), admin.id, account.id, reason)
    return f"{account.username} is suspended." if done else NOTHING_TO_DO


async def _unsuspend(admin: User, account: Account, reason: str) -> str:
    """End a suspension, but not while votes are being removed: new votes would be removed as well."""
    withdrawal = await select_withdrawal(services().db, account.id)
    if withdrawal is not None and withdrawal.finished_at is None:
        return "The votes are still being removed. End the suspension when that is done."
    done = await actions.unsuspend(services(), admin.id, account.id, reason)
    return f"{account.username} can sign in again." if done else NOTHING_TO_DO


async def _withdraw(admin: User, account: Account, reason: str) -> str:
    """Remove all votes of a suspended account; any other could cast new votes meanwhile."""
    if account.suspended_at is None:
        return f"Suspend {account.username} first."
    count = await actions.request_withdrawal(services(), admin.id, account.id, reason)
    return f"{count:,} votes of {account.username} are being removed from the tallies."


async def _hide_projects(admin: User, account: Account, reason: str) -> str:
    count = await actions.moderate_projects_of(services(), admin.id, "hide", account.id, reason)
    return f"{_projects(count)} hidden." if count else NOTHING_TO_DO


async def _restore_projects(admin: User, account: Account, reason: str) -> str:
    count = await actions.moderate_projects_of(services(), admin.id, "restore", account.id, reason)
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


async def _read_form(possible: Collection[str]) -> tuple[str, str]:
    """Return the action and the reason; answer 422 if either is missing or wrong."""
    form = await request.form
    action = form.get("action", "")
    reason = clean_line(form.get("reason", ""))
    if action not in possible:
        abort(422, f"There is no such action. Use one of: {', '.join(possible)}.")
    if not reason:
        abort(422, f"Give a reason of at most {LONGEST_REASON} characters for the moderation log.")
    if len(reason) > LONGEST_REASON:
        abort(422, f"Use at most {LONGEST_REASON} characters for the reason. It has {len(reason)} now.")
    return action, reason


async def _account(username: str) -> Account:
    """Return an account, also a deleted one, whose projects may still be on the board."""
    account = await select_any_user(services().db, username) if is_username(username) else None
    if account is None:
        abort(404, "There is no user with this name.")
    return account


def _before() -> int | None:
    before = request.args.get("before", type=int)
    return before if before is not None and 0 < before <= MAX_ID else None


def _next_url(found: list) -> str | None:  # type: ignore[type-arg]
    return f"{request.path}?before={found[PAGE - 1].id}" if len(found) > PAGE else None
