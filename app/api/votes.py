"""POST /api/votes: the program's side of a vote."""

from quart import Blueprint, Response
from quart_schema import document_request

from app.api.bearer import token_user
from app.api.body import read_body
from app.api.description import answers
from app.api.reply import reply
from app.api.shapes import VALUES, VoteBody, VoteReply
from app.errors import UnknownProject
from app.services import services
from app.voting.votes import Status, Vote
from app.voting.widget import refusal
from app.web.ids import LARGEST_ID

blueprint = Blueprint("api_votes", __name__)

LARGEST_BODY = 4 * 1024
EXAMPLE = '{"project_id": 1, "vote_type": "up"}'
TOO_MANY = "Too many vote attempts. Please wait a moment."


@blueprint.post("/api/votes")
@document_request(VoteBody)
@answers(VoteReply, 401, 403, 404, 413, 422, 429, 503)
async def cast_vote() -> Response:
    """Cast the wanted end state; sending it again is harmless."""
    user_id = await token_user()
    vote = _vote(await read_body(VoteBody, LARGEST_BODY, EXAMPLE), user_id)
    answer = await services().batcher.cast(vote)
    if answer.status is not Status.ACCEPTED:
        raise refusal(answer, TOO_MANY)
    return reply(VoteReply.of(vote, answer))


def _vote(body: VoteBody, user_id: int) -> Vote:
    project_id = int(body.project_id)
    if not 0 < project_id <= LARGEST_ID:  # digits, but of no number that a project can have
        raise UnknownProject
    return Vote(project_id, user_id, VALUES[body.vote_type])
