"""The body of a project that is submitted, or put under a key."""

from quart import abort

from app.api.body import read_body
from app.api.shapes import ProjectBody
from app.projects.forms import Submission, parse_submission
from app.services import board
from app.web.body_limits import MAX_BODY_BYTES

EXAMPLE = '{"title": "Night train map", "url": "https://example.org/", "description": "Where they go."}'


async def read_submission() -> Submission:
    """Return what the request's body says; answer 422, or 413, to a bad one."""
    body = await read_body(ProjectBody, MAX_BODY_BYTES, EXAMPLE)
    form = body.model_dump() | {"url": body.url or "", "track": body.track or ""}
    submission, errors = parse_submission(form, board().tracks)
    for field, message in errors.items():
        abort(422, f"{field}: {message}")
    return submission
