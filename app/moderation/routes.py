"""/admin: the moderation log, hidden and locked projects, and the form to moderate one; admins only."""

from quart import Blueprint, flash, redirect, render_template
from quart.typing import ResponseReturnValue

from app.accounts.drafts.form_drafts import form_done
from app.accounts.guard import require_admin
from app.moderation import actions, forms, queries
from app.moderation.forms import before, next_url, read_action
from app.services import services
from app.web.redirects import referring_page

blueprint = Blueprint("moderation", __name__, url_prefix="/admin")

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
    found = await queries.select_closed_projects(services().db, before(), forms.PAGE + 1)
    return await render_template(
        "moderation/projects.html",
        projects=found[: forms.PAGE],
        is_first=before() is None,
        next_url=next_url(found),
    )


@blueprint.get("/audit")
async def moderation_log() -> str:
    await require_admin()
    found = await queries.select_actions(services().db, before(), forms.PAGE + 1)
    return await render_template(
        "moderation/log.html",
        actions=found[: forms.PAGE],
        is_first=before() is None,
        next_url=next_url(found),
    )


@blueprint.post("/projects/<id:project_id>")
async def moderate_project(project_id: int) -> ResponseReturnValue:
    page = f"/projects/{project_id}"
    admin = await require_admin(page)
    action, reason = await read_action(queries.PROJECT_ACTIONS)
    done = await actions.moderate_project(services(), admin.id, action, project_id, reason)
    await form_done(admin.id, page)
    await flash(CONFIRMATIONS[action] if done else NOTHING_TO_DO)
    return redirect(referring_page(page), 303)
