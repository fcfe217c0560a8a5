"""Pages on which authors edit and delete their projects. Deleting asks for confirmation first."""

from quart import Blueprint, abort, flash, redirect, render_template, request
from quart.typing import ResponseReturnValue

from app.accounts.drafts import form_done, read_draft
from app.accounts.guard import require_user
from app.accounts.user import User
from app.projects.edit import queries
from app.projects.forms import parse_submission
from app.projects.lists import find_row
from app.projects.queries import HiddenFor
from app.projects.rows import Row
from app.services import services
from app.voting.closing import publish_closed

blueprint = Blueprint("edit", __name__)

NOT_AUTHOR = "Only the author can change this project."
HIDDEN = (
    "An admin has hidden this project, so it cannot be edited. "
    "You can read why on its page, and delete it."
)
LOCKED = (
    "An admin has locked this project, so it stays as people voted on it and cannot be edited. "
    "You can read why on its page."
)


@blueprint.get("/projects/<id:project_id>/edit")
async def edit_form(project_id: int) -> str:
    row, user = await _require_author(project_id, "edit")
    if closed := _closed_error(row):
        abort(403, closed)
    draft = await read_draft(user.id, request.path)
    form = _stored(row) | draft
    return await render_template(
        "projects/edit.html", project=row, form=form, errors={}, restored=bool(draft)
    )


@blueprint.post("/projects/<id:project_id>/edit")
async def edit(project_id: int) -> ResponseReturnValue:
    row, user = await _require_author(project_id, "edit")
    form, stored = (await request.form).to_dict(), _stored(row)
    form.setdefault("track", stored["track"])  # a form from before there were tracks keeps it
    new, errors = parse_submission(form, services().board.tracks)
    if errors:
        return await _form_page(row, form, errors), 422
    # An earlier version may have cleaned texts otherwise.
    before, _ = parse_submission(stored, services().board.tracks)
    if not await queries.update_project(services().db, project_id, user.id, new, edited=new != before):
        row, _ = await _require_author(project_id, "edit")
        return await _form_page(row, form, {"form": _closed_error(row) or LOCKED}), 403
    await form_done(user.id, request.path)
    await flash("Project saved.")
    return redirect(f"/projects/{project_id}", 303)


@blueprint.get("/projects/<id:project_id>/delete")
async def delete_form(project_id: int) -> str:
    row, _ = await _require_author(project_id, "delete")
    return await render_template("projects/delete.html", project=row)


@blueprint.post("/projects/<id:project_id>/delete")
async def delete(project_id: int) -> ResponseReturnValue:
    """Delete the project, so that no vote on it is accepted any more; ask first unless confirm=yes."""
    row, user = await _require_author(project_id, "delete")
    if (await request.form).get("confirm") != "yes":
        return await render_template("projects/delete.html", project=row)
    if not await queries.delete_project(services().db, project_id, user.id):
        abort(404)
    await publish_closed(services().db, services().functions, project_id)
    await flash("Project deleted.")
    return redirect("/", 303)


async def _form_page(row: Row, form: dict[str, str], errors: dict[str, str]) -> str:
    return await render_template("projects/edit.html", project=row, form=form, errors=errors)


def _closed_error(row: Row) -> str:
    """Return why a project cannot be edited, or an empty text."""
    return HIDDEN if row.hidden else LOCKED if row.locked else ""


def _stored(row: Row) -> dict[str, str]:
    """Return the fields of the form as the author saved them, with a link that cannot be read too."""
    return {
        "title": row.title,
        "url": row.stored_url or "",
        "description": row.description,
        "track": row.track.slug if row.track else "",
    }


async def _require_author(project_id: int, action: str) -> tuple[Row, User]:
    """Return the project and its author, who is signed in.

    Visitors are sent to sign in, other users get 403, or 404 if the project is hidden.
    """
    user = require_user(f"/projects/{project_id}/{action}")
    row = await find_row(project_id, user.id, HiddenFor.OTHERS)
    if row.author != user.username:
        abort(403, NOT_AUTHOR)
    return row, user
