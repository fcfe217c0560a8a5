"""POST /api/votes: the program's side of a vote."""

import json
from typing import Any

from quart import Blueprint, Response, abort, jsonify, request

from app.api.bearer import token_user
from app.services import services
from app.voting.votes import Answer, Status, Vote
from app.voting.widget import refusal
from app.web.converters import LARGEST_ID, SHORT_NUMBER

blueprint = Blueprint("api_votes", __name__)

VALUES = {"up": 1, "down": -1, "none": 0}
NAMES = {value: name for name, value in VALUES.items()}
LARGEST_BODY = 4 * 1024
TOO_MANY = "Too many vote attempts. Please wait a moment."


@blueprint.post("/api/votes")
async def cast_vote() -> Response:
    """Cast the wanted end state; sending it again is harmless."""
    user_id = await token_user()
    data = await request.get_data(as_text=False)
    if len(data) > LARGEST_BODY:
        abort(413, f"A vote has at most {LARGEST_BODY} bytes.")
    body = _json(data)
    if not isinstance(body, dict):
        abort(422, 'The body is a JSON object: {"project_id": 1, "vote_type": "up"}.')
    vote = Vote(_project_id(body.get("project_id")), user_id, _value(body.get("vote_type")))
    answer = await services().desk.cast(vote)
    if answer.status is not Status.ACCEPTED:
        raise refusal(answer, TOO_MANY)
    return jsonify(_reply(vote, answer))


def _json(data: str | bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):  # not UTF-8, not JSON, or nested without end
        return None


def _project_id(given: Any) -> int:
    number = int(given) if isinstance(given, str) and SHORT_NUMBER.fullmatch(given) else given
    if type(number) is not int or not 0 < number <= LARGEST_ID:
        abort(422, "project_id is the number of a project.")
    return number


def _value(given: Any) -> int:
    if not isinstance(given, str) or given not in VALUES:
        abort(422, "vote_type is one of up, down, none.")
    return VALUES[given]


def _reply(vote: Vote, answer: Answer) -> dict[str, Any]:
    tally = answer.tally
    return {
        "project_id": vote.project_id,
        "vote_type": NAMES[answer.value],
        "upvotes": tally.upvotes,
        "downvotes": tally.downvotes,
        "score": tally.score,
        "version": tally.version,
    }
