"""Private boards: every answer needs an account, except where a route is marked as open to strangers.

The check comes before anything is looked up, so strangers cannot tell a project that exists from one
that does not. A stranger has neither a session nor, where programs ask, an API token. Quart does not
call this for the fast paths, which answer only signed-in people on a private board.
"""

from quart import Response, current_app, request
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import ServiceUnavailable, Unauthorized

from app.accounts.bearer import NEEDS_TOKEN, read_token
from app.accounts.guard import SignInFirst, known_user
from app.accounts.sessions import signed_in_user
from app.errors import RETRY_SECONDS
from app.services import board
from app.web.cross_site import SAFE_METHODS
from app.web.redirects import referring_page
from app.web.strangers import is_open, programs_need

UNKNOWN = "The board has just started and does not know yet who may read it. Please try again."
PRIVATE = "This board is private. "


async def refuse_strangers() -> None:
    """Let only people with an account pass on a private board, and while it may be one."""
    if not board().is_private() or _is_open():
        return
    if not _is_api() and known_user() is not None:  # the API knows no sessions
        return
    needed = _programs_need()
    if needed == "token" and await read_token() is not None:
        return
    if not board().known and request.method in SAFE_METHODS:  # all others need an account anyway
        raise ServiceUnavailable(UNKNOWN, retry_after=RETRY_SECONDS)
    if needed == "token":
        raise Unauthorized(PRIVATE + NEEDS_TOKEN, www_authenticate=WWWAuthenticate("bearer"))
    if needed == "session":
        raise Unauthorized(PRIVATE + "Sign in to it first.")
    is_page = request.method in SAFE_METHODS and request.headers.get("HX-Request") != "true"
    raise SignInFirst(request.full_path.rstrip("?") if is_page else referring_page("/"))


async def keep_answers_private(response: Response) -> Response:
    """Let no shared cache store an answer of a private board, and no search engine list it."""
    if not board().is_private():
        return response
    response.headers["X-Robots-Tag"] = "noindex"
    caching = response.headers.get("Cache-Control")
    if not _is_open() and (caching is None or "public" in caching):
        response.headers["Cache-Control"] = "private, no-cache"
        response.vary.update(("Cookie", "Authorization"))
    return response


async def stranger_context() -> dict[str, bool]:
    """Return for every template whether its reader is a stranger of a private board."""
    return {"stranger": board().is_private() and signed_in_user() is None}


def _is_open() -> bool:
    return is_open(current_app.view_functions.get(request.endpoint or ""))


def _programs_need() -> str | None:
    """Return what opens a route for programs: "token" or "session"; None for a route for people."""
    view = current_app.view_functions.get(request.endpoint or "")
    return "token" if _is_api() else programs_need(view)


def _is_api() -> bool:
    return f"{request.path}/".startswith("/api/")
