"""GET /metrics for Prometheus, and GET /ops for admins."""

import asyncio

from prometheus_client import CONTENT_TYPE_LATEST
from quart import Blueprint, Response, current_app, render_template, request
from werkzeug.exceptions import Unauthorized

from app.accounts.bearer import token_user_or_none
from app.accounts.guard import require_admin
from app.accounts.state import accounts
from app.live.current import hub
from app.operations.doctor.check import Check, format_duration
from app.operations.doctor.run_checks import run_checks
from app.operations.ops import prometheus
from app.operations.ops.chart import Chart, draw, format_number
from app.operations.ops.samples import read_series
from app.operations.ops.state import read_state
from app.services import services
from app.single_flight import SharedCache
from app.storage.away import DATABASE_AWAY, REDIS_AWAY
from app.storage.timeouts import STATE_SECONDS, within
from app.web.strangers import open_to_strangers

blueprint = Blueprint("ops", __name__)

# A little less than the 5 s after which a page updates, so that a single viewer never gets old results.
CHECKS_TTL_SECONDS = 4.0
PLAIN = "text/plain; charset=utf-8"
METRICS_PRIVATE = (
    "This board is private. Send the API token of an account: 'Authorization: Bearer TOKEN'.\n"
)
METRICS_SECRET = (
    "These figures count votes, and votes are hidden {}. "
    "Send the API token of an admin: 'Authorization: Bearer TOKEN'.\n"
)

blueprint.add_app_template_filter(format_duration, "duration")
blueprint.add_app_template_filter(format_number, "number")


@blueprint.get("/metrics")
@open_to_strangers
async def metrics() -> Response:
    """Return the figures of all processes, within 2 s even if a server is away.

    They count votes, so a private board gives them for the API token of an account only, and while
    tallies are secret for that of an admin. While PostgreSQL is away, so that a token cannot be checked
    or the process does not know yet whether tallies are secret, it leaves out what counts votes.
    """
    board = services().board
    state, (caller, is_checked) = await asyncio.gather(
        read_state(services(), hub().open_streams), _caller()
    )
    is_certain = board.known and is_checked
    if is_certain and board.is_private() and caller is None:
        headers = {"WWW-Authenticate": "Bearer"}
        return Response(METRICS_PRIVATE, 401, headers, content_type=PLAIN)
    sees_votes = accounts().sees_tallies(caller) and (is_certain or caller is not None)
    if is_certain and not sees_votes:
        return Response(METRICS_SECRET.format(board.hidden_until()), 403, content_type=PLAIN)
    text = prometheus.render(state, with_votes=sees_votes)
    return Response(text, headers={"Cache-Control": "no-store"}, content_type=CONTENT_TYPE_LATEST)


async def _caller() -> tuple[int | None, bool]:
    """Return the user of the request's API token, if there is a valid one, and whether that is known.

    A board that hides nothing asks nobody who they are.
    """
    board = services().board
    if not (board.is_private() or board.is_secret()):
        return None, True
    try:
        async with within(STATE_SECONDS):
            return await token_user_or_none(), True
    except Unauthorized:
        return None, True
    except DATABASE_AWAY:
        return None, False


@blueprint.get("/ops")
async def ops() -> str:
    """Return the page, or for HTMX the part that changes; both work while a server is away."""
    await require_admin(accept_last_known=True)
    page = "ops/_board.html" if request.headers.get("HX-Request") == "true" else "ops/page.html"
    state, checks, charts = await asyncio.gather(
        read_state(services(), hub().open_streams), _checks(), _charts()
    )
    return await render_template(page, state=state, checks=checks, charts=charts)


async def _checks() -> list[Check]:
    """Return the doctor's checks, shared by all viewers: every open page asks for them every 5 s."""
    settings, empty = services().settings, SharedCache[list[Check]](CHECKS_TTL_SECONDS, 1)
    cache = current_app.extensions.setdefault("upvote_checks", empty)
    return await cache.get("all", lambda: run_checks(settings, ask_outside=False))  # type: ignore[no-any-return]


async def _charts() -> list[Chart]:
    try:
        return [draw(series) for series in await read_series(services().redis)]
    except REDIS_AWAY:
        return []
