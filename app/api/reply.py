"""JSON responses of the API, some with an ETag."""

from pydantic_core import to_json
from quart import Response

from app.web.conditional import conditional

JSON = "application/json"


def reply(shape: object, status: int = 200) -> Response:
    """Return the shape as JSON, with times in ISO 8601."""
    return Response(_json(shape), status, content_type=JSON)


def conditional_reply(shape: object) -> Response:
    """Return the shape as JSON with an ETag, or 304 if If-None-Match shows that the client has it."""
    return conditional(_json(shape), JSON, Cache_Control="private, no-cache", Vary="Authorization")


def _json(shape: object) -> bytes:
    """Return the JSON with a final newline, for people who read it in a terminal."""
    return to_json(shape) + b"\n"
