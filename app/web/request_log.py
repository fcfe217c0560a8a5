"""The request log: one line a request, with an id that is on every line logged during that request.

The fast paths in front of Quart (app/fast/votes.py, app/fast/member_pages.py) log nothing: at ten
thousand votes a second the log would cost more than the votes. Their votes are counted in /metrics and
recorded in the event log of PostgreSQL. With LOG_LEVEL=DEBUG, votes go through Quart. The batcher then
logs each vote with its request's id, and with the project and version that the worker logs for its
batch.
"""

import re
import secrets
import time

import structlog
from quart import Quart, Response, g, request

log = structlog.get_logger()

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
# Not logged: load balancers, Prometheus and open pages request these all the time.
UNLOGGED = frozenset({"/healthz", "/readyz", "/metrics", "/live"})


def install_request_log(app: Quart) -> None:
    app.before_request(_begin)
    app.after_request(_end)


def request_id(given: str) -> str:
    """Return the given id if it is well-formed, else a new one."""
    return given if REQUEST_ID.fullmatch(given) else secrets.token_hex(8)


def route() -> str:
    """Return the route that matched, or "none". The address itself may contain a name or typed text."""
    return request.url_rule.rule if request.url_rule else "none"


async def _begin() -> None:
    """Give the request an id: the proxy's X-Request-Id if it sent one."""
    g.request_id = request_id(request.headers.get("X-Request-Id", ""))
    g.began = time.perf_counter()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request=g.request_id)


async def _end(response: Response) -> Response:
    """Log the request: its method, route, project, status and duration in ms."""
    if "request_id" not in g:
        return response
    if request.path not in UNLOGGED and not request.path.startswith("/static/"):
        log.info(
            "request",
            method=request.method,
            route=route(),
            project=(request.view_args or {}).get("project_id"),
            status=response.status_code,
            ms=round(1000 * (time.perf_counter() - g.began), 1),
        )
    return response
