"""/api/projects/by-key/<key>: projects under the keys of another site."""

from quart import Blueprint, Response, abort
from quart_schema import document_request, document_response

from app.accounts.bearer import require_scope, token_user_or_none
from app.api.description import answers
from app.api.project_body import read_submission
from app.api.reply import conditional_reply, reply
from app.api.shapes import ProjectBody, ProjectReply
from app.projects.by_key import EXPECTED, is_key, project_keys
from app.projects.by_key.put_project import put_project
from app.projects.lists import find_row
from app.projects.rows import Row
from app.services import services

blueprint = Blueprint("api_by_key", __name__)


@blueprint.put("/api/projects/by-key/<key>")
@document_request(ProjectBody)
@document_response(ProjectReply, 201)
@answers(ProjectReply, 401, 403, 413, 422, 503)
async def put_by_key(key: str) -> Response:
    """Make the project with this key (201), or update it (200). The same again changes nothing.

    It needs the token of an admin with the scope `projects`.
    """
    user_id = await require_scope("projects")
    _check(key)
    submission = await read_submission()
    project_id, made = await put_project(services(), user_id, key, submission)
    project_keys().learn({key: project_id})
    row = await find_row(project_id, user_id)
    return reply(ProjectReply.of(row, user_id), 201 if made else 200)


@blueprint.get("/api/projects/by-key/<key>")
@answers(ProjectReply, 304, 401, 404, 422, 503, token="optional")
async def show_by_key(key: str) -> Response:
    """Return the project with this key, with its live tally."""
    user_id = await token_user_or_none()
    _check(key)

    async def find(project_id: int) -> Row:
        return await find_row(project_id, user_id)

    return conditional_reply(ProjectReply.of(await project_keys().use(key, find), user_id))


def _check(key: str) -> None:
    if not is_key(key):
        abort(422, f"“{key[:200]}” is not a key. {EXPECTED}.")
