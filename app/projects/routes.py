"""Pages: the lists, one project, and the form to submit one."""

import asyncio
from typing import Any

from markupsafe import Markup
from quart import Blueprint, redirect, render_template, request
from quart.typing import ResponseReturnValue
from werkzeug.exceptions import TooManyRequests

from app.accounts.admins import is_admin
from app.accounts.drafts.form_drafts import form_done, read_draft
from app.accounts.guard import require_user
from app.accounts.idempotency.keys import KeyReused, key_of
from app.accounts.sessions import signed_in_id, signed_in_user
from app.errors import UnknownProject
from app.projects.cursors import decode_cursor
from app.projects.edit.queries import select_closings
from app.projects.forms import parse_submission
from app.projects.frozen import Frozen, refuse_while_frozen
from app.projects.history import history_of
from app.projects.lists import find_row, list_view, no_such_list, ranked_page
from app.projects.orders import ORDERS, WINDOWS
from app.projects.places import places_of
from app.projects.queries import Cursor, HiddenFor
from app.projects.same_link import same_link
from app.projects.secret_lists import default_sort, rests
from app.projects.shuffle import seed_of_reader
from app.projects.submit import submit
from app.projects.team.queries import select_is_invited
from app.projects.tracks import chosen_track
from app.services import services
from app.web.asgi import outcome_of

blueprint = Blueprint("projects", __name__)

SENT_BEFORE = Markup(
    'You have already sent this form: it became <a href="/projects/{0}">this project</a>. '
    "To submit what it says now as another project, send it again."
)
SENT_AND_DELETED = (
    "You have already sent this form, and the project that it became was deleted. "
    "To submit what it says now as another project, send it again."
)


@blueprint.get("/")
async def front() -> str:
    sort, window = request.args.get("sort") or default_sort(), request.args.get("t") or "all"
    if sort not in ORDERS or window not in WINDOWS:
        raise no_such_list(ORDERS)
    user_id = signed_in_id()
    if rests(sort, user_id):
        return await render_template("projects/resting.html", sort=sort, label=ORDERS[sort].label)
    outcome_of(request.scope)  # raises what a fast path met
    after = decode_cursor(request.args.get("after"), sort)
    start = after
    if sort == "shuffled" and after is None:
        start = Cursor(sort, seed=seed_of_reader(user_id))
    track = chosen_track(request.args.get("track"))
    page = await ranked_page(sort, window, start, user_id, track)
    view = list_view(page, sort, window, track, paged=after is not None)
    return await render_template("projects/list.html", **view)


@blueprint.get("/projects/<id:project_id>")
async def project_page(project_id: int) -> str:
    user, db = signed_in_user(), services().db
    admin, row = await asyncio.gather(
        is_admin(), find_row(project_id, user and user.id, HiddenFor.NOBODY)
    )
    is_author = user is not None and user.username in row.authors
    if row.hidden and not (is_author or admin):
        raise UnknownProject
    # Questions that depend on nothing but the project are asked at the same time: one after another, a
    # server that is far away would keep the reader waiting for each of them.
    closings, places, history, same, is_invited = await asyncio.gather(
        select_closings(db, row.id) if is_author or admin else _nothing(),
        _nothing() if row.vote_box.secret else places_of(db, row),
        _nothing() if row.vote_box.secret else history_of(db, row),
        same_link(db, row),
        select_is_invited(db, row.id, user.id) if user and not is_author else _nothing(),
    )
    return await render_template(
        "projects/show.html",
        project=row,
        is_author=is_author,
        is_owner=user is not None and user.username == row.author,
        is_invited=is_invited,
        draft=await read_draft(user.id, f"/projects/{row.id}") if admin and user else {},
        closings=closings,
        places=places,
        history=history,
        same_link=same,
    )


async def _nothing() -> list[Any]:
    return []


@blueprint.get("/projects/new")
async def new_project() -> ResponseReturnValue:
    user = require_user("/projects/new")
    draft = await read_draft(user.id, "/projects/new")
    try:
        await refuse_while_frozen()
    except Frozen as error:
        if not draft:
            raise
        return await _form_again(draft, {"form": str(error.description)}, restored=True), 403
    return await _form_again(draft, {}, restored=bool(draft))


@blueprint.post("/projects/new")
async def submit_project() -> ResponseReturnValue:
    user = require_user("/projects/new")
    form = (await request.form).to_dict()
    submission, errors = parse_submission(form, services().board.tracks)
    if errors:
        return await _form_again(form, errors), 422
    key = key_of("/projects/new", form.get("key", ""), *submission.content)
    try:
        project_id = await submit(user.id, submission, key)
    except TooManyRequests as error:
        page = await _form_again(form, {"form": str(error.description)})
        return page, 429, {"Retry-After": str(error.retry_after)}
    except Frozen as error:
        return await _form_again(form, {"form": str(error.description)}), 403
    except KeyReused as error:
        created = error.created
        message = SENT_AND_DELETED if created.deleted else SENT_BEFORE.format(created.project_id)
        return await _form_again({**form, "key": ""}, {"form": message}), 409
    await form_done(user.id, "/projects/new")
    return redirect(f"/projects/{project_id}", 303)


async def _form_again(form: dict[str, str], errors: dict[str, str], *, restored: bool = False) -> str:
    """Return the form with what was typed; `restored`: before the session ended."""
    return await render_template("projects/new.html", form=form, errors=errors, restored=restored)
