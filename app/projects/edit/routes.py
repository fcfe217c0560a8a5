"""Pages on which authors edit and delete their projects. Deleting asks for confirmation first.

Admins edit any project at any time; app/projects/edit/changes.py notes it in the moderation log.
"""

from quart import Blueprint, abort, flash, redirect, render_template, request
from quart.typing import ResponseReturnValue

from app.accounts.admins import is_admin
from app.accounts.drafts.form_drafts import form_done, read_draft
from app.accounts.guard import require_user
from app.accounts.user import User
from app.board.words import frozen_words
from app.errors import ChangedMeanwhile
from app.projects.edit import changes
from app.projects.forms import clean_field, parse_submission
from app.projects.lists import find_row
from app.projects.queries import HiddenFor
from app.projects.rows import Row
from app.services import board, services
from app.web import form_marks
from app.web.form_marks import changed_meanwhile, merged

blueprint = Blueprint("edit", __name__)

NOT_AUTHOR = "Only the author can do this with this project; the members of its team may edit it."
HIDDEN = (
    "An admin has hidden this project, so it cannot be edited. "
    "You can read why on its page, and delete it."
)
LOCKED = (
    "An admin has locked this project, so it stays as people voted on it: "
    "it can be neither edited nor deleted. You can read why on its page."
)
FROZEN = "{} Until an admin changes that, this project can be neither edited nor deleted."


@blueprint.get("/projects/<id:project_id>/edit")
async def edit_form(project_id: int) -> ResponseReturnValue:
    row, user = await _require_author(project_id, "edit", admins_too=True)
    draft = await read_draft(user.id, request.path)
    closed = _edit_error(row)
    if not closed or await is_admin():
        form = merged(draft, _stored(row), clean_field) if draft else _stored(row)
        return await _form_page(row, form, {}, draft=draft)
    if not draft:
        abort(403, closed)
    form = merged(draft, _stored(row), clean_field)
    return await _form_page(row, form, {"form": closed}, draft=draft), 403


@blueprint.post("/projects/<id:project_id>/edit")
async def edit(project_id: int) -> ResponseReturnValue:
    row, user = await _require_author(project_id, "edit", admins_too=True)
    form, stored = (await request.form).to_dict(), _stored(row)
    form.setdefault("track", stored["track"])  # a form from before there were tracks keeps it
    has_marks = form_marks.FIELD in form  # pages of earlier versions have none
    texts = merged(form, stored, clean_field) if has_marks else form
    if has_marks and _conflicts(form, texts, stored):
        return await _conflict_page(row, form)
    new, errors = parse_submission(texts, services().board.tracks)
    if errors:
        return await _form_page(row, texts, errors), 422
    # An earlier version may have cleaned texts otherwise.
    before, _ = parse_submission(stored, services().board.tracks)
    made_from = stored if has_marks else None
    try:
        done = await changes.edit_project(
            services(), user.id, project_id, new, edited=new != before, made_from=made_from
        )
    except ChangedMeanwhile:
        await board().try_to_refresh()
        row, _ = await _require_author(project_id, "edit", admins_too=True)
        return await _conflict_page(row, form)
    if not done:
        await board().try_to_refresh()
        row, _ = await _require_author(project_id, "edit")
        return await _form_page(row, texts, {"form": _edit_error(row) or LOCKED}), 403
    await form_done(user.id, request.path)
    await flash("Project saved.")
    return redirect(f"/projects/{project_id}", 303)


@blueprint.get("/projects/<id:project_id>/delete")
async def delete_form(project_id: int) -> str:
    row, _ = await _require_author(project_id, "delete")
    if (closed := _delete_error(row)) and not await is_admin():
        abort(403, closed)
    return await render_template("projects/delete.html", project=row)


@blueprint.post("/projects/<id:project_id>/delete")
async def delete(project_id: int) -> ResponseReturnValue:
    """Delete the project, so that no vote on it is accepted any more; ask first unless confirm=yes."""
    row, user = await _require_author(project_id, "delete")
    if (await request.form).get("confirm") != "yes":
        return await render_template("projects/delete.html", project=row)
    if not await changes.delete_project(services(), user.id, project_id):
        await board().try_to_refresh()
        row, _ = await _require_author(project_id, "delete")
        abort(403, _delete_error(row) or LOCKED)
    await flash("Project deleted.")
    return redirect("/", 303)


def _conflicts(form: dict[str, str], texts: dict[str, str], stored: dict[str, str]) -> bool:
    """Return whether `texts`, what the form comes to, undo what somebody else has saved meanwhile."""
    theirs = changed_meanwhile(form, stored)
    return any(clean_field(name, texts[name]) != stored[name] for name in theirs)


async def _conflict_page(row: Row, form: dict[str, str]) -> tuple[str, int]:
    """Return the form with what it changed, and what others have saved meanwhile."""
    stored = _stored(row)
    texts = merged(form, stored, clean_field)
    return await _form_page(row, texts, {}, theirs=changed_meanwhile(form, stored)), 409


async def _form_page(
    row: Row,
    form: dict[str, str],
    errors: dict[str, str],
    *,
    theirs: list[str] | None = None,
    draft: dict[str, str] | None = None,
) -> str:
    """Return the page; with a draft, the form says what the draft was made from."""
    stored = _stored(row)
    return await render_template(
        "projects/edit.html",
        project=row,
        form=form,
        errors=errors,
        restored=bool(draft),
        theirs=theirs,
        shown=stored,
        marks=draft.get(form_marks.FIELD, "") if draft else form_marks.marks(stored),
        is_author=require_user(request.path).username in row.authors,
    )


def _edit_error(row: Row) -> str:
    """Return why the author cannot edit a project, or an empty text."""
    return HIDDEN if row.hidden else _delete_error(row)


def _delete_error(row: Row) -> str:
    """Return why the author cannot delete a project, or an empty text."""
    if row.locked:
        return LOCKED
    return FROZEN.format(words) if (words := frozen_words(board())) else ""


def _stored(row: Row) -> dict[str, str]:
    """Return the fields of the form as the author saved them, with a link that cannot be read too."""
    return {
        "title": row.title,
        "url": row.stored_url or "",
        "description": row.description,
        "track": row.track.slug if row.track else "",
    }


async def _require_author(
    project_id: int, action: str, *, admins_too: bool = False
) -> tuple[Row, User]:
    """Return the project, and its author or with `admins_too` an admin, who is signed in.

    Visitors are sent to sign in, other users get 403, or 404 if the project is hidden.
    """
    user = require_user(f"/projects/{project_id}/{action}")
    admin = admins_too and await is_admin()
    row = await find_row(project_id, user.id, HiddenFor.NOBODY if admin else HiddenFor.OTHERS)
    authors = row.authors if action == "edit" else row.authors[:1]
    if user.username not in authors and not admin:
        abort(403, NOT_AUTHOR)
    return row, user
