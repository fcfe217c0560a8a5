"""Error responses: a page, an HTMX fragment or JSON, whichever the request asked for.

Each message says what was expected.
"""

import structlog
from markupsafe import escape
from pydantic import ValidationError
from quart import Quart, Response, g, jsonify, render_template, request
from quart_schema import RequestSchemaValidationError
from werkzeug.datastructures import Headers
from werkzeug.exceptions import (
    HTTPException,
    InternalServerError,
    NotFound,
    ServiceUnavailable,
    UnprocessableEntity,
)

from app.errors import RETRY_SECONDS, TookTooLong, UnknownProject, VotesUnavailable
from app.logs import line_limit
from app.sentry import report
from app.storage.away import DATABASE_AWAY, REDIS_AWAY
from app.web.asking_again import address
from app.web.body_limits import LARGE_BODIES
from app.web.cross_site import SAFE_METHODS
from app.web.redirects import local_path, referring_page
from app.web.request_log import route
from app.web.typed_text import LABELS, other_fields, typed_text

log = structlog.get_logger()

NO_DATABASE = "The database is not available right now. Nothing has been lost."
TOO_SLOW = "The board could not answer in time. Please try again."
NO_VOTES = "Voting is not available right now. Your vote may not have been saved."
NO_PROJECT = "There is no such project. It may have been removed."
TEMPORARY = (429, 500, 503)  # the same request may succeed later
REPEATABLE = (*TEMPORARY, 400, 409, 413, 422)  # the same form may succeed later, or changed

# The headings of error pages. A status without one is headed by its HTTP name.
TITLES = {
    401: "Please sign in",
    403: "That is not allowed",
    404: "There is nothing here",
    405: "That does not work here",
    409: "Please wait a moment",
    413: "That is too large",
    422: "Something is missing or wrong",
    429: "Please wait a moment",
    500: "Something went wrong",
    503: "Back in a moment",
}
# The messages of errors that carry no description of ours.
MESSAGES = {
    404: "There is no page at this address.",
    405: "This address does not accept this HTTP method.",
    413: "What you sent is larger than this board accepts.",
}


def install_error_handlers(app: Quart) -> None:
    app.register_error_handler(HTTPException, answer_error)
    app.register_error_handler(RequestSchemaValidationError, _invalid_request)
    app.register_error_handler(UnknownProject, _unknown_project)
    app.register_error_handler(VotesUnavailable, _votes_unavailable)
    app.register_error_handler(TookTooLong, _took_too_long)
    for kind in REDIS_AWAY:  # before those of PostgreSQL: both have OSError
        app.register_error_handler(kind, _redis_away)
    for kind in DATABASE_AWAY:
        app.register_error_handler(kind, _database_away)
    app.register_error_handler(Exception, _unexpected)


async def answer_error(error: HTTPException) -> Response:
    """Return the error in the format that the request asked for, with its status and headers."""
    status = error.code or 500
    if status >= 500:
        g.database_away = True  # whatever the reason: an error page waits for no server again
    if status < 400:
        return Response("", status, Headers(error.get_headers()))  # the router redirects this way
    message = _message(error, status)
    response = await _body(error, status, message)
    response.status_code = status
    for name, value in error.get_headers():  # Retry-After, Allow, WWW-Authenticate
        if name != "Content-Type":
            response.headers[name] = value
    return response


def _message(error: HTTPException, status: int) -> str:
    message = error.description or TITLES.get(status, error.name)
    has_default = error.description == type(error).description
    if status == 413 and has_default and (large := LARGE_BODIES.get(request.path)):
        return large.message
    return MESSAGES.get(status, message) if has_default else message


async def _body(error: HTTPException, status: int, message: str) -> Response:
    if f"{request.path}/".startswith("/api/"):
        return jsonify(error=error.name.lower().replace(" ", "_"), message=message)
    if request.headers.get("HX-Request") == "true":
        return Response(f'<p class="error" role="alert">{escape(message)}</p>')
    return Response(
        await render_template(
            "error.html",
            status=status,
            title=getattr(error, "title", TITLES.get(status, error.name)),
            message=message,
            retry_after=getattr(error, "retry_after", None),
            next_step=_next_step(status),
            typed=await typed_text(),
            labels=LABELS,
            others=await other_fields() if status in REPEATABLE else None,
        )
    )


def _next_step(status: int) -> tuple[str, str] | None:
    """Return the address and the label of the link that helps the reader most, or None."""
    if request.method in SAFE_METHODS and status == 401:
        return "/login", "Sign in"
    if request.method in SAFE_METHODS:
        return (local_path(address()), "Try again") if status in TEMPORARY else None
    back = referring_page("")
    return (back, "Back to the page") if back else None


def describe_error(error: ValidationError) -> str:
    """Return pydantic's first error as "sort: input should be …", or "" if it concerns no field."""
    first = error.errors(include_url=False)[0]
    field, message = (str(first["loc"][0]) if first["loc"] else ""), first["msg"]
    return f"{field}: {message[0].lower()}{message[1:]}." if field else ""


async def _invalid_request(error: RequestSchemaValidationError) -> Response:
    cause = error.validation_error
    message = describe_error(cause) if isinstance(cause, ValidationError) else None
    return await answer_error(UnprocessableEntity(message or None))


async def _unknown_project(_: UnknownProject) -> Response:
    return await answer_error(NotFound(NO_PROJECT))


async def _votes_unavailable(error: VotesUnavailable) -> Response:
    _warn("votes unavailable", reason=str(error))
    return await answer_error(ServiceUnavailable(NO_VOTES, retry_after=error.retry_after))


async def _redis_away(error: Exception) -> Response:
    _warn("Redis away", reason=repr(error))
    return await answer_error(ServiceUnavailable(TOO_SLOW, retry_after=RETRY_SECONDS))


async def _took_too_long(_: TookTooLong) -> Response:
    _warn("a request took too long", route=route())
    return await answer_error(ServiceUnavailable(TOO_SLOW, retry_after=RETRY_SECONDS))


async def _database_away(error: Exception) -> Response:
    _warn("database away", reason=repr(error))
    return await answer_error(ServiceUnavailable(NO_DATABASE, retry_after=RETRY_SECONDS))


def _warn(line: str, **details: object) -> None:
    """Log a line about an outage, but not with every request: the request log has their status."""
    if line_limit.is_due(line):
        log.warning(line, **details)


async def _unexpected(error: Exception) -> Response:
    log.error("unexpected error", route=route(), exc_info=error)
    report(error)
    return await answer_error(
        InternalServerError("This is not your fault. The error has been logged; please try again.")
    )
