"""Errors, each with what was expected, as a page, an HTMX fragment or JSON, whichever was asked for."""

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

from app.errors import UnknownProject, VotesUnavailable
from app.sentry import report
from app.storage.connections import DATABASE_AWAY
from app.web.cross_site import SAFE_METHODS
from app.web.redirects import own_path, page_of_visitor
from app.web.request_log import route

log = structlog.get_logger()

NO_DATABASE = "The database is away for the moment. Nothing is lost."
NO_VOTES = "Votes cannot be taken for the moment. Your vote may not have been saved."
NO_PROJECT = "There is no such project. It may have been removed."
RETRY_AFTER = 3
PASSING = (429, 500, 503)  # what may be gone when the same is asked for again

# A title for people and a code for programs; other codes are made from the status' name.
TITLES = {
    401: "Sign in first",
    403: "That is not allowed",
    404: "There is nothing here",
    405: "That does not work here",
    413: "That is too large",
    422: "Something is missing",
    429: "One moment",
    500: "Something broke",
    503: "Back in a moment",
}
# What is said where nothing more is known.
MESSAGES = {
    404: "Nobody has put anything at this address.",
    405: "This address does not take that method.",
    413: "What you sent is larger than this board takes.",
}


def install_error_handlers(app: Quart) -> None:
    app.register_error_handler(HTTPException, answer_error)
    app.register_error_handler(RequestSchemaValidationError, _not_understood)
    app.register_error_handler(UnknownProject, _unknown_project)
    app.register_error_handler(VotesUnavailable, _votes_unavailable)
    for kind in DATABASE_AWAY:
        app.register_error_handler(kind, _database_away)
    app.register_error_handler(Exception, _unforeseen)


async def answer_error(error: HTTPException) -> Response:
    """The error in the shape that was asked for, with its status and Retry-After."""
    status = error.code or 500
    if status < 400:
        return Response("", status, Headers(error.get_headers()))  # a redirect of the router's
    message = _message(error, status)
    response = await _body(status, error.name, message, getattr(error, "retry_after", None))
    response.status_code = status
    for name, value in error.get_headers():  # Retry-After, Allow, WWW-Authenticate
        if name != "Content-Type":
            response.headers[name] = value
    return response


def _message(error: HTTPException, status: int) -> str:
    said = error.description or TITLES.get(status, error.name)
    return MESSAGES.get(status, said) if error.description == type(error).description else said


async def _body(status: int, name: str, message: str, retry_after: int | None) -> Response:
    if f"{request.path}/".startswith("/api/"):
        return jsonify(error=name.lower().replace(" ", "_"), message=message)
    if request.headers.get("HX-Request") == "true":
        return Response(f'<p class="error" role="alert">{escape(message)}</p>')
    return Response(
        await render_template(
            "error.html",
            status=status,
            title=TITLES.get(status, name),
            message=message,
            retry_after=retry_after,
            way_on=_way_on(status),
        )
    )


def _way_on(status: int) -> tuple[str, str] | None:
    """Where the reader may go from here, and what that is called."""
    if request.method in SAFE_METHODS and status == 401:
        return "/login", "Sign in"
    if request.method in SAFE_METHODS:
        return (own_path(request.full_path.rstrip("?")), "Try again") if status in PASSING else None
    back = page_of_visitor("")
    return (back, "Back to the page") if back else None


def what_is_wrong(error: ValidationError) -> str:
    """The first thing that pydantic found: "sort: input should be …"; empty if no field is to blame."""
    first = error.errors(include_url=False)[0]
    field, message = (str(first["loc"][0]) if first["loc"] else ""), first["msg"]
    return f"{field}: {message[0].lower()}{message[1:]}." if field else ""


async def _not_understood(error: RequestSchemaValidationError) -> Response:
    cause = error.validation_error
    message = what_is_wrong(cause) if isinstance(cause, ValidationError) else None
    return await answer_error(UnprocessableEntity(message or None))


async def _unknown_project(_: UnknownProject) -> Response:
    return await answer_error(NotFound(NO_PROJECT))


async def _votes_unavailable(error: VotesUnavailable) -> Response:
    log.warning("votes unavailable", reason=str(error))
    return await answer_error(ServiceUnavailable(NO_VOTES, retry_after=error.retry_after))


async def _database_away(error: Exception) -> Response:
    log.warning("database away", reason=repr(error))
    g.database_away = True
    return await answer_error(ServiceUnavailable(NO_DATABASE, retry_after=RETRY_AFTER))


async def _unforeseen(error: Exception) -> Response:
    log.error("unforeseen error", route=route(), exc_info=error)
    report(error)
    return await answer_error(
        InternalServerError("It is not your doing. It has been noted; try again.")
    )
