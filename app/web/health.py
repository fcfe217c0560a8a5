"""/healthz: the process is alive. /readyz: it can take votes."""

import structlog
from quart import Blueprint, Response, jsonify
from redis.exceptions import ResponseError

from app.errors import VotesUnavailable
from app.services import services

blueprint = Blueprint("health", __name__)
log = structlog.get_logger()


@blueprint.get("/healthz")
async def healthz() -> Response:
    return jsonify(status="ok")


@blueprint.get("/readyz")
async def readyz() -> tuple[Response, int]:
    """200 when Redis answers the vote functions, else 503 with the reason."""
    try:
        await services().functions.ping()
    except VotesUnavailable as error:
        log.warning("not ready", reason=str(error))
        return jsonify(status="unavailable", reason=_told(error)), 503
    return jsonify(status="ok"), 200


def _told(error: VotesUnavailable) -> str:
    """The reason, without the addresses that errors of a connection tell: anybody may ask."""
    cause = error.__cause__
    return str(error) if cause is None or isinstance(cause, ResponseError) else "Redis does not answer"
