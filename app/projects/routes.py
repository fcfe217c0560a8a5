"""The lists, one project, submitting."""

from quart import Blueprint, abort, redirect, render_template, request
from quart.typing import ResponseReturnValue

from app.accounts.admins import is_admin
from app.accounts.guard import sign_in_first
from app.accounts.sessions import signed_in_id, signed_in_user
from app.limits.attempts import attempt_to_submit
from app.projects import queries
from app.projects.cursors import decode_cursor
from app.projects.forms import parse_submission
from app.projects.listing import PAGE
from app.projects.lists import WINDOWS, find_row, ranked_page
from app.services import services

blueprint = Blueprint("projects", __name__)

SORTS = [("hot", "Hot"), ("top", "Top"), ("new", "New")]


@blueprint.get("/")
async def front() -> str:
    sort, window = request.args.get("sort", "hot"), request.args.get("t", "all")
    if sort not in queries.ORDERS or window not in WINDOWS:
        abort(404, "There is no such list. There are: " + ", ".join(queries.ORDERS) + ".")
    after = decode_cursor(request.args.get("after"), sort)
    first_rank = max(request.args.get("from", 1, type=int), 1) if after else 1
    page = await ranked_page(sort, window, after, signed_in_id(), first_rank)
    next_url = None
    if page.next:
        next_url = f"/?sort={sort}&t={window}&after={page.next}&from={first_rank + PAGE}"
    return await render_template(
        "projects/list.html",
        projects=page.rows,
        sort=sort,
        sorts=SORTS,
        window=window,
        windows=[(key, label) for key, (label, _) in WINDOWS.items()] if sort == "top" else None,
        next_url=next_url,
    )


@blueprint.get("/projects/<id:project_id>")
async def project_page(project_id: int) -> str:
    row = await find_row(project_id, signed_in_id(), hidden=await is_admin())
    return await render_template("projects/show.html", project=row)


@blueprint.get("/projects/new")
async def new_project() -> ResponseReturnValue:
    if signed_in_user() is None:
        return sign_in_first("/projects/new")
    return await render_template("projects/new.html", form={}, errors={})


@blueprint.post("/projects/new")
async def submit_project() -> ResponseReturnValue:
    user = signed_in_user()
    if user is None:
        return sign_in_first("/projects/new")
    form = (await request.form).to_dict()
    submission, errors = parse_submission(form)
    if errors:
        return await render_template("projects/new.html", form=form, errors=errors), 422
    if wait := await attempt_to_submit(user.id):
        errors = {"form": f"You have submitted many projects in a short time. Try again in {wait} s."}
        page = await render_template("projects/new.html", form=form, errors=errors)
        return page, 429, {"Retry-After": str(wait)}
    project_id = await queries.insert_project(
        services().db, user.id, submission.title, submission.url, submission.description
    )
    return redirect(f"/projects/{project_id}", 303)
