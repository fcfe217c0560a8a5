"""POST /api/votes: voting by programs."""

from quart import Blueprint, Response, abort
from quart_schema import document_request

from app.accounts.bearer import token_user
from app.accounts.state import accounts
from app.api.body import read_body
from app.api.description import answers
from app.api.reply import reply
from app.api.shapes import VALUES, VoteBody, VoteReply
from app.errors import UnknownProject
from app.projects.budget import refusal_text
from app.projects.by_key import project_keys
from app.services import services
from app.voting.vote_box import refusal
from app.voting.votes import Status, Vote, VoteResult
from app.web.deadline import arrived
from app.web.ids import MAX_ID

blueprint = Blueprint("api_votes", __name__)

MAX_BODY_BYTES = 4 * 1024
EXAMPLE = '{"project_id": 1, "vote_type": "up"}'
WHICH = f"Send either project_id or key, like {EXAMPLE}."
TOO_MANY = "Too many vote attempts. Please wait a moment."


@blueprint.post("/api/votes")
@document_request(VoteBody)
@answers(VoteReply, 401, 403, 404, 413, 422, 429, 503)
async def cast_vote() -> Response:
    """Set the user's vote on a project. Sending the same vote again changes nothing."""
    user_id = await token_user()
    body = await read_body(VoteBody, MAX_BODY_BYTES, EXAMPLE)
    project_id, answer = await _cast(body, user_id)
    await services().board.make_sure()
    if answer.status is not Status.ACCEPTED:
        raise refusal(answer, await refusal_text(user_id, answer), TOO_MANY)
    shown = accounts().shown(answer.state, user_id)
    return reply(VoteReply.of(project_id, body.key or None, shown))


async def _cast(body: VoteBody, user_id: int) -> tuple[int, VoteResult]:
    """Cast the vote; return the number of its project, and the result."""
    if ("key" in body.model_fields_set) == ("project_id" in body.model_fields_set):
        abort(422, WHICH)

    async def cast(project_id: int) -> tuple[int, VoteResult]:
        vote = Vote(project_id, user_id, VALUES[body.vote_type])
        return project_id, await services().batcher.cast(vote, arrived())

    return await (project_keys().use(body.key, cast) if body.key else cast(_number(body)))


def _number(body: VoteBody) -> int:
    project_id = int(body.project_id)
    if not 0 < project_id <= MAX_ID:  # these digits cannot be a project's number
        raise UnknownProject
    return project_id
