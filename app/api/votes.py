"""POST /api/votes: the program's side of a vote."""

from pydantic import ValidationError
from quart import Blueprint, Response, abort, request
from quart_schema import document_request

from app.api.bearer import token_user
from app.api.description import answers
from app.api.reply import reply
from app.api.shapes import VALUES, VoteBody, VoteReply
from app.services import services
from app.voting.votes import Status, UnknownProject, Vote
from app.voting.widget import refusal
from app.web.converters import LARGEST_ID
from app.web.errors import what_is_wrong

blueprint = Blueprint("api_votes", __name__)

LARGEST_BODY = 4 * 1024
TOO_MANY = "Too many vote attempts. Please wait a moment."


@blueprint.post("/api/votes")
@document_request(VoteBody)
@answers(VoteReply, 401, 403, 404, 413, 422, 429, 503)
async def cast_vote() -> Response:
    """Cast the wanted end state; sending it again is harmless."""
    user_id = await token_user()
    data = await request.get_data(as_text=False)
    if len(data) > LARGEST_BODY:
        abort(413, f"A vote has at most {LARGEST_BODY} bytes.")
    vote = _read(data, user_id)
    answer = await services().desk.cast(vote)
    if answer.status is not Status.ACCEPTED:
        raise refusal(answer, TOO_MANY)
    return reply(VoteReply.of(vote, answer))


def _read(data: bytes | str, user_id: int) -> Vote:
    """The vote in a body of JSON, whatever its content type says: curl -d does not know better."""
    try:
        body = VoteBody.model_validate_json(data)
    except ValidationError as error:
        abort(422, what_is_wrong(error) or 'Send JSON: {"project_id": 1, "vote_type": "up"}.')
    project_id = int(body.project_id)
    if not 0 < project_id <= LARGEST_ID:  # digits, but of no number that a project can have
        raise UnknownProject
    return Vote(project_id, user_id, VALUES[body.vote_type])
