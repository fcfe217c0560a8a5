"""The lists, one project, submitting."""

from datetime import UTC, datetime, timedelta

from quart import Blueprint, abort, redirect, render_template, request
from quart.typing import ResponseReturnValue

from app.accounts.guard import sign_in_first
from app.accounts.sessions import signed_in_id, signed_in_user
from app.projects import queries
from app.projects.cursors import decode_cursor, encode_cursor
from app.projects.forms import parse_submission
from app.projects.listing import PAGE, make_rows
from app.services import services

blueprint = Blueprint("projects", __name__)

SORTS = [("hot", "Hot"), ("top", "Top"), ("new", "New")]
WINDOWS = {
    "day": ("Day", timedelta(days=1)),
    "week": ("Week", timedelta(weeks=1)),
    "month": ("Month", timedelta(days=30)),
    "year": ("Year", timedelta(days=365)),
    "all": ("All time", None),
}


@blueprint.get("/")
async def front() -> str:
    sort, window = request.args.get("sort", "hot"), request.args.get("t", "all")
    if sort not in queries.ORDERS or window not in WINDOWS:
        abort(404, "There is no such list. There are: " + ", ".join(queries.ORDERS) + ".")
    after = decode_cursor(request.args.get("after"), sort)
    first_rank = max(request.args.get("from", 1, type=int), 1) if after else 1
    found = await queries.select_projects(
        services().db, sort, signed_in_id(), after, PAGE + 1, _since(sort, window)
    )
    next_url = None
    if len(found) > PAGE:
        cursor = encode_cursor(found[PAGE - 1])
        next_url = f"/?sort={sort}&t={window}&after={cursor}&from={first_rank + PAGE}"
    return await render_template(
        "projects/list.html",
        projects=await make_rows(services().functions, found[:PAGE], signed_in_id(), first_rank),
        sort=sort,
        sorts=SORTS,
        window=window,
        windows=[(key, label) for key, (label, _) in WINDOWS.items()] if sort == "top" else None,
        next_url=next_url,
    )


def _since(sort: str, window: str) -> datetime | None:
    """The oldest submission that the list shows; only `top` looks at a range of time."""
    length = WINDOWS[window][1]
    return datetime.now(UTC) - length if sort == "top" and length else None


@blueprint.get("/projects/<id:project_id>")
async def project_page(project_id: int) -> str:
    user_id = signed_in_id()
    project = await queries.select_project(services().db, project_id, user_id)
    if project is None:
        abort(404, "There is no such project. It may have been removed.")
    [row] = await make_rows(services().functions, [project], user_id)
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
    project_id = await queries.insert_project(
        services().db, user.id, submission.title, submission.url, submission.description
    )
    return redirect(f"/projects/{project_id}", 303)
