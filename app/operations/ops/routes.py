"""GET /metrics for Prometheus, GET /ops for the admins."""

import asyncio

from prometheus_client import CONTENT_TYPE_LATEST
from quart import Blueprint, Response, current_app, render_template, request

from app.accounts.guard import require_admin
from app.live.hub import hub
from app.operations.doctor.check import Check, ago
from app.operations.doctor.run_checks import run_checks
from app.operations.ops import prometheus
from app.operations.ops.chart import Chart, draw, number
from app.operations.ops.samples import read_series
from app.operations.ops.state import read_state
from app.services import services
from app.single_flight import SharedCache
from app.storage.connections import REDIS_AWAY

blueprint = Blueprint("ops", __name__)

# A little less than a page waits before it asks again: whoever looks alone sees nothing twice.
REMEMBERED_SECONDS = 4.0

blueprint.add_app_template_filter(ago, "span")
blueprint.add_app_template_filter(number, "number")


@blueprint.get("/metrics")
async def metrics() -> Response:
    """The figures of all processes; within 2 s, whatever is away."""
    text = prometheus.write(await read_state(services(), hub().open))
    return Response(text, headers={"Cache-Control": "no-store"}, content_type=CONTENT_TYPE_LATEST)


@blueprint.get("/ops")
async def ops() -> str:
    """The page, or for HTMX its changing part. It is there whatever is away."""
    await require_admin(or_was=True)
    page = "ops/_board.html" if request.headers.get("HX-Request") == "true" else "ops/page.html"
    state, checks, charts = await asyncio.gather(
        read_state(services(), hub().open), _checks(), _charts()
    )
    return await render_template(page, state=state, checks=checks, charts=charts)


async def _checks() -> list[Check]:
    """What the doctor says, asked once for all who look: the page renews itself in every browser."""
    settings, fresh = services().settings, SharedCache[list[Check]](REMEMBERED_SECONDS, 1)
    kept = current_app.extensions.setdefault("upvote_checks", fresh)
    return await kept.get("all", lambda: run_checks(settings))  # type: ignore[no-any-return]


async def _charts() -> list[Chart]:
    try:
        return [draw(series) for series in await read_series(services().redis)]
    except REDIS_AWAY:
        return []
