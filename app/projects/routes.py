"""The lists, one project, submitting."""

from quart import Blueprint, Response, abort, current_app, redirect, render_template, request

from app.accounts.guard import sign_in_first
from app.accounts.sessions import signed_in_user
from app.projects import queries
from app.projects.cursors import decode_cursor, encode_cursor
from app.projects.forms import parse_submission
from app.projects.listing import make_rows

blueprint = Blueprint("projects", __name__)

PAGE = 25
SORTS = [("hot", "Hot"), ("top", "Top"), ("new", "New")]


@blueprint.get("/")
async def front() -> str:
    sort = request.args.get("sort", "hot")
    if sort not in queries.ORDERS:
        abort(404, f"There is no list called {sort}. There are: {', '.join(queries.ORDERS)}.")
    user = signed_in_user()
    after = decode_cursor(request.args.get("after"), sort)
    first_rank = request.args.get("from", 1, type=int)
    found = await queries.select_projects(current_app.db, sort, user and user.id, after, PAGE + 1)
    rows = await make_rows(current_app.functions, found[:PAGE], user and user.id, first_rank)
    next_url = None
    if len(found) > PAGE:
        cursor = encode_cursor(found[PAGE - 1])
        next_url = f"/?sort={sort}&after={cursor}&from={first_rank + PAGE}"
    return await render_template(
        "projects/list.html", projects=rows, sort=sort, sorts=SORTS, next_url=next_url
    )


@blueprint.get("/projects/<id:project_id>")
async def project_page(project_id: int) -> str:
    user = signed_in_user()
    project = await queries.select_project(current_app.db, project_id, user and user.id)
    if project is None:
        abort(404, "There is no such project. It may have been removed.")
    [row] = await make_rows(current_app.functions, [project], user and user.id)
    return await render_template("projects/show.html", project=row)


@blueprint.get("/projects/new")
async def new_project() -> str | Response:
    if signed_in_user() is None:
        return sign_in_first("/projects/new")
    return await render_template("projects/new.html", form={}, errors={})


@blueprint.post("/projects/new")
async def submit_project() -> str | tuple[str, int] | Response:
    user = signed_in_user()
    if user is None:
        return sign_in_first("/projects/new")
    form = (await request.form).to_dict()
    submission, errors = parse_submission(form)
    if errors:
        return await render_template("projects/new.html", form=form, errors=errors), 422
    project_id = await queries.insert_project(
        current_app.db, user.id, submission.title, submission.url, submission.description
    )
    return redirect(f"/projects/{project_id}", 303)
