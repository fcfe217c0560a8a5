"""One line of the log a request, with an id that every line written during it carries.

The doors in front of Quart (app/fast/votes.py, app/fast/member_pages.py) write none: at ten thousand
votes a second the log would cost more than the votes. What the fast door did is in /metrics, and in the
audit log of PostgreSQL. With LOG_LEVEL=DEBUG votes go through Quart: each is a line of the batcher's too,
with its request's id, and the project and version that the worker's line of its batch has.
"""

import re
import secrets
import time

import structlog
from quart import Quart, Response, g, request

log = structlog.get_logger()

GIVEN = re.compile(r"[A-Za-z0-9._-]{1,64}")
# Load balancers ask for these all the time.
QUIET = frozenset({"/healthz", "/readyz", "/metrics", "/live"})


def install_request_log(app: Quart) -> None:
    app.before_request(_begin)
    app.after_request(_end)


def request_id(given: str) -> str:
    """The id that was given if it looks like one, else a new one."""
    return given if GIVEN.fullmatch(given) else secrets.token_hex(8)


def route() -> str:
    """What the address is one of; the address itself may hold a name, or what somebody typed."""
    return request.url_rule.rule if request.url_rule else "none"


async def _begin() -> None:
    """The id is a proxy's X-Request-Id if it sent one."""
    g.request_id = request_id(request.headers.get("X-Request-Id", ""))
    g.began = time.perf_counter()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request=g.request_id)


async def _end(response: Response) -> Response:
    """The route and a project's id."""
    if "request_id" not in g:
        return response
    if request.path not in QUIET and not request.path.startswith("/static/"):
        log.info(
            "request",
            method=request.method,
            route=route(),
            project=(request.view_args or {}).get("project_id"),
            status=response.status_code,
            ms=round(1000 * (time.perf_counter() - g.began), 1),
        )
    return response
