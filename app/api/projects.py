"""The API's routes for projects: lists, one project, the caller's votes, and submitting."""

import re
from typing import Any

from quart import Blueprint, Response, abort, request
from quart_schema import document_headers, document_request, validate_querystring

from app.accounts.bearer import token_user, token_user_or_none
from app.accounts.idempotency.keys import IdempotencyKey, KeyReused, key_of
from app.api.description import answers
from app.api.project_body import read_submission
from app.api.reply import conditional_reply, reply
from app.api.shapes import (
    KEY,
    LONGEST_KEY,
    ListQuery,
    ProjectBody,
    ProjectReply,
    ProjectsReply,
    SubmitHeaders,
    VotesQuery,
)
from app.projects.cursors import decode_cursor
from app.projects.forms import Submission
from app.projects.lists import ListPage, find_row, ranked_page, voted_page
from app.projects.queries import Cursor
from app.projects.secret_lists import default_sort
from app.projects.shuffle import seed_of
from app.projects.submit import submit
from app.projects.tracks import chosen_track

blueprint = Blueprint("api_projects", __name__)

KEY_REUSED = "Idempotency-Key: this key was sent before with another body. Use a new key."
KEY_OF_DELETED = "Idempotency-Key: the project of this key has been deleted. Use a new key."


@blueprint.get("/api/projects")
@answers(ProjectsReply, 304, 401, 403, 404, 422, 503, token="optional")
@validate_querystring(ListQuery)
async def list_projects(query_args: Any) -> Response:
    """Return a page of a list, best first.

    Tallies are live; the order is that of the last sync. Without a token `vote_type` is null. A list
    whose order is secret now is refused with the error `secret`.
    """
    user_id = await token_user_or_none()
    sort = query_args.sort if request.args.get("sort") else default_sort()
    after = _cursor(query_args.after, sort)
    if sort == "shuffled" and after is None:
        after = Cursor(sort, seed=seed_of(user_id))
    page = await ranked_page(
        sort, query_args.t or "all", after, user_id, chosen_track(query_args.track)
    )
    return _reply(page, user_id)


@blueprint.post("/api/projects")
@document_request(ProjectBody)
@document_headers(SubmitHeaders)
@answers(ProjectReply, 401, 403, 409, 413, 422, 429, 503, status=201)
async def submit_project() -> Response:
    """Submit a project. Its score starts at 0, without a vote of its author.

    Sending the request again submits another project, except with the same Idempotency-Key.
    """
    user_id = await token_user()
    submission = await read_submission()
    try:
        project_id = await submit(user_id, submission, _idempotency_key(submission))
    except KeyReused as error:
        abort(422, KEY_OF_DELETED if error.created.deleted else KEY_REUSED)
    response = reply(ProjectReply.of(await find_row(project_id, user_id), user_id), 201)
    response.headers["Location"] = f"/api/projects/{project_id}"
    return response


def _idempotency_key(submission: Submission) -> IdempotencyKey | None:
    given = request.headers.get("Idempotency-Key")
    if given is None:
        return None
    if not re.fullmatch(KEY, given) or len(given) > LONGEST_KEY:
        abort(
            422, f"Idempotency-Key: send 1 to {LONGEST_KEY} visible ASCII characters, without spaces."
        )
    return key_of("/api/projects", given, *submission.content)


@blueprint.get("/api/projects/<id:project_id>")
@answers(ProjectReply, 304, 401, 404, 503, token="optional")
async def show_project(project_id: int) -> Response:
    """Return one project with its live tally."""
    user_id = await token_user_or_none()
    row = await find_row(project_id, user_id)
    return conditional_reply(ProjectReply.of(row, user_id))


@blueprint.get("/api/me/votes")
@answers(ProjectsReply, 304, 401, 404, 422, 503)
@validate_querystring(VotesQuery)
async def list_my_votes(query_args: Any) -> Response:
    """Return the projects that the token's user voted on, latest vote first, up to the last persist."""
    user_id = await token_user()
    after = _cursor(query_args.after, "new")  # ordered by a time, as `new` is
    return _reply(await voted_page(user_id, query_args.filter or "all", after), user_id)


def _cursor(text: str, order: str) -> Cursor | None:
    """Decode a cursor; answer 404 to a broken one.

    A page for people starts at the top instead, but a program would then never reach the list's end.
    """
    cursor = decode_cursor(text, order)
    if text and cursor is None:
        abort(404, "There is no such page. Set `after` to the unchanged `next` of the page before.")
    return cursor


def _reply(page: ListPage, user_id: int | None) -> Response:
    projects = [ProjectReply.of(row, user_id) for row in page.rows]
    return conditional_reply(ProjectsReply(projects, page.next))
