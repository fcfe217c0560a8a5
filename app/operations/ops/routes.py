"""GET /metrics for Prometheus, and GET /ops for admins."""

import asyncio

from prometheus_client import CONTENT_TYPE_LATEST
from quart import Blueprint, Response, current_app, render_template, request
from werkzeug.exceptions import Unauthorized

from app.accounts.bearer import token_user_or_none
from app.accounts.guard import require_admin
from app.accounts.state import accounts
from app.live.hub import hub
from app.operations.doctor.check import Check, format_duration
from app.operations.doctor.run_checks import run_checks
from app.operations.ops import prometheus
from app.operations.ops.chart import Chart, draw, format_number
from app.operations.ops.samples import read_series
from app.operations.ops.state import read_state
from app.services import services
from app.single_flight import SharedCache
from app.storage.away import DATABASE_AWAY, REDIS_AWAY
from app.web.strangers import open_to_strangers

blueprint = Blueprint("ops", __name__)

# A little less than the 5 s after which a page updates, so that a single viewer never gets old results.
CHECKS_TTL_SECONDS = 4.0
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

    They count votes, so while tallies are secret only the API token of an admin gets them. A process
    that does not know yet whether they are, as PostgreSQL is away, leaves out what counts votes.
    """
    board = services().board
    sees_votes = accounts().sees_tallies(None) or accounts().sees_tallies(await _caller())
    if board.known and not sees_votes:
        message = METRICS_SECRET.format(board.hidden_until())
        return Response(message, 403, content_type="text/plain; charset=utf-8")
    state = await read_state(services(), hub().open_streams)
    text = prometheus.render(state, with_votes=sees_votes)
    return Response(text, headers={"Cache-Control": "no-store"}, content_type=CONTENT_TYPE_LATEST)


async def _caller() -> int | None:
    """Return the user of the request's API token, or None without a valid one that can be checked."""
    try:
        return await token_user_or_none()
    except (Unauthorized, *DATABASE_AWAY):
        return None


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
    return await cache.get("all", lambda: run_checks(settings))  # type: ignore[no-any-return]


async def _charts() -> list[Chart]:
    try:
        return [draw(series) for series in await read_series(services().redis)]
    except REDIS_AWAY:
        return []
