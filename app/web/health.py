"""Health checks: /healthz says that the process is alive, /readyz that it can accept votes."""

import structlog
from quart import Blueprint, Response, jsonify
from redis.exceptions import ResponseError

from app.errors import VotesUnavailable
from app.logs import line_limit
from app.services import services
from app.web.strangers import open_to_strangers

blueprint = Blueprint("health", __name__)
log = structlog.get_logger()


@blueprint.get("/healthz")
@open_to_strangers
async def healthz() -> Response:
    return jsonify(status="ok")


@blueprint.get("/readyz")
@open_to_strangers
async def readyz() -> tuple[Response, int]:
    """Answer 200 if the vote functions in Redis respond, else 503 with the reason."""
    try:
        await services().functions.ping()
    except VotesUnavailable as error:
        if line_limit.is_due("not ready"):
            log.warning("not ready", reason=str(error))
        return jsonify(status="unavailable", reason=_public_reason(error)), 503
    return jsonify(status="ok"), 200


def _public_reason(error: VotesUnavailable) -> str:
    """Return the reason without server addresses from connection errors, because /readyz is public."""
    cause = error.__cause__
    return str(error) if cause is None or isinstance(cause, ResponseError) else "Redis does not answer"
