"""/healthz: the process is alive. /readyz: it can take votes."""

from quart import Blueprint, Response, jsonify

from app.services import services
from app.voting.votes import VotesUnavailable

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
async def healthz() -> Response:
    return jsonify(status="ok")


@blueprint.get("/readyz")
async def readyz() -> tuple[Response, int]:
    """200 when Redis answers the vote functions, else 503 with the reason."""
    try:
        await services().functions.ping()
    except VotesUnavailable as error:
        return jsonify(status="unavailable", reason=str(error)), 503
    return jsonify(status="ok"), 200
