"""Answers of the API: JSON of a shape, with an ETag where it is worth asking again."""

from hashlib import sha256

from pydantic_core import to_json
from quart import Response, request


def reply(shape: object) -> Response:
    """200 with the shape as JSON; times in ISO 8601."""
    return Response(_json(shape), content_type="application/json")


def conditional_reply(shape: object) -> Response:
    """As reply(), with an ETag; or 304 where If-None-Match says that the client has it already.

    The ETag is a weak one, since a proxy or we ourselves may compress the body.
    """
    body = _json(shape)
    digest = sha256(body).hexdigest()[:20]
    known = request.if_none_match.contains_weak(digest)
    response = Response(b"" if known else body, 304 if known else 200, content_type="application/json")
    response.set_etag(digest, weak=True)
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Vary"] = "Authorization"
    return response


def _json(shape: object) -> bytes:
    """With an end of line, for people who read it in a terminal."""
    return to_json(shape) + b"\n"
