"""Answers of the API: JSON of a shape, with an ETag where it is worth asking again."""

from pydantic_core import to_json
from quart import Response

from app.web.conditional import conditional

JSON = "application/json"


def reply(shape: object, status: int = 200) -> Response:
    """The shape as JSON; times in ISO 8601."""
    return Response(_json(shape), status, content_type=JSON)


def conditional_reply(shape: object) -> Response:
    """As reply(), with an ETag; or 304 where If-None-Match says that the client has it already."""
    return conditional(_json(shape), JSON, Cache_Control="private, no-cache", Vary="Authorization")


def _json(shape: object) -> bytes:
    """With an end of line, for people who read it in a terminal."""
    return to_json(shape) + b"\n"
