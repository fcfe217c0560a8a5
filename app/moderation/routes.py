"""/admin: what is closed, what was done by whom, and the forms that do it; for admins only."""

from collections.abc import Awaitable, Callable

from quart import Blueprint, abort, flash, redirect, render_template, request
from quart.typing import ResponseReturnValue

from app.accounts.forms import is_username
from app.accounts.guard import require_admin
from app.accounts.queries import Account, select_user
from app.accounts.sessions import User
from app.accounts.state import accounts
from app.accounts.withdrawals.queries import select_withdrawal
from app.moderation import actions, queries
from app.services import services
from app.web.ids import LARGEST_ID
from app.web.redirects import page_of_visitor

blueprint = Blueprint("moderation", __name__, url_prefix="/admin")

PAGE = 50
LONGEST_REASON = 500
DONE = {
    "hide": "The project is hidden.",
    "restore": "The project is back in the lists.",
    "lock": "Voting on the project is locked.",
    "unlock": "Voting on the project is open again.",
}
NOTHING_TO_DO = "Nothing to do: somebody else was quicker."


@blueprint.get("/projects")
async def closed_projects() -> str:
    """The hidden and locked projects: a hidden one is in no other list."""
    await require_admin()
    found = await queries.select_closed_projects(services().db, _before(), PAGE + 1)
    return await render_template(
        "moderation/projects.html", projects=found[:PAGE], next_url=_next_url(found)
    )


@blueprint.get("/audit")
async def audit() -> str:
    await require_admin()
    found = await queries.select_actions(services().db, _before(), PAGE + 1)
    return await render_template(
        "moderation/audit.html", actions=found[:PAGE], next_url=_next_url(found)
    )


@blueprint.post("/projects/<id:project_id>")
async def moderate_project(project_id: int) -> ResponseReturnValue:
    admin = await require_admin()
    action, reason = await _form(queries.PROJECT_ACTIONS)
    done = await actions.moderate_project(services(), admin.id, action, project_id, reason)
    await flash(DONE[action] if done else NOTHING_TO_DO)
    return redirect(page_of_visitor(f"/projects/{project_id}"), 303)


@blueprint.get("/users/<username>")
async def user_page(username: str) -> str:
    await require_admin()
    account = await _account(username)
    return await render_template(
        "moderation/user.html",
        account=account,
        withdrawal=await select_withdrawal(services().db, account.id),
        actions=await queries.select_actions(services().db, None, PAGE, user_id=account.id),
    )


@blueprint.post("/users/<username>")
async def moderate_user(username: str) -> ResponseReturnValue:
    admin = await require_admin()
    account = await _account(username)
    action, reason = await _form(USER_ACTIONS)
    if account.id == admin.id:
        abort(422, "Ask another admin: nobody can do this to their own account.")
    await flash(await USER_ACTIONS[action](admin, account, reason))
    return redirect(f"/admin/users/{username}", 303)


async def _suspend(admin: User, account: Account, reason: str) -> str:
    done = await actions.suspend(services(), accounts(), admin.id, account.id, reason)
    return f"{account.username} is suspended." if done else NOTHING_TO_DO


async def _unsuspend(admin: User, account: Account, reason: str) -> str:
    """Not while votes are being taken out: new ones would go as well."""
    withdrawal = await select_withdrawal(services().db, account.id)
    if withdrawal is not None and withdrawal.finished_at is None:
        return "The votes are still being taken out. End the suspension after that."
    done = await actions.unsuspend(services(), admin.id, account.id, reason)
    return f"{account.username} can sign in again." if done else NOTHING_TO_DO


async def _withdraw(admin: User, account: Account, reason: str) -> str:
    """Only of who can cast no new ones meanwhile."""
    if account.suspended_at is None:
        return f"Suspend {account.username} first."
    count = await actions.request_withdrawal(services(), admin.id, account.id, reason)
    return f"{count:,} votes of {account.username} are being taken out of the tallies."


USER_ACTIONS: dict[str, Callable[[User, Account, str], Awaitable[str]]] = {
    "suspend": _suspend,
    "unsuspend": _unsuspend,
    "withdraw": _withdraw,
}


async def _form(possible: object) -> tuple[str, str]:
    """The action and the reason that an admin gave."""
    form = await request.form
    action = form.get("action", "")
    reason = " ".join(form.get("reason", "").replace("\0", "").split())
    if action not in possible:  # type: ignore[operator]
        abort(422, "There is no such action.")
    if not 1 <= len(reason) <= LONGEST_REASON:
        abort(
            422, f"Give a reason, of at most {LONGEST_REASON} characters: it goes into the audit list."
        )
    return action, reason


async def _account(username: str) -> Account:
    account = await select_user(services().db, username) if is_username(username) else None
    if account is None:
        abort(404, "Nobody here has that name.")
    return account


def _before() -> int | None:
    before = request.args.get("before", type=int)
    return before if before is not None and 0 < before <= LARGEST_ID else None


def _next_url(found: list) -> str | None:  # type: ignore[type-arg]
    return f"{request.path}?before={found[PAGE - 1].id}" if len(found) > PAGE else None
