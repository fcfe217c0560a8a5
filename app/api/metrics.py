"""GET /api/votes/metrics: counts and latencies of votes over all processes."""

from quart import Blueprint, Response

from app.accounts.bearer import token_user
from app.accounts.state import accounts
from app.api.description import answers
from app.api.reply import reply
from app.api.shapes import MetricsReply
from app.errors import VotesUnavailable
from app.services import services
from app.storage.away import REDIS_AWAY

blueprint = Blueprint("api_metrics", __name__)


@blueprint.get("/api/votes/metrics")
@answers(MetricsReply, 401, 503)
async def vote_metrics() -> Response:
    """Return counts and latencies of votes over all processes."""
    user_id = await token_user()
    if not accounts().sees_tallies(user_id):
        return reply(MetricsReply(None, None, None, None, None, None, secret=True))
    try:
        totals = await services().metrics.read()
    except REDIS_AWAY as error:
        raise VotesUnavailable(str(error)) from error
    return reply(_reply(totals))


def _reply(totals: dict[str, float]) -> MetricsReply:
    votes, errors = int(totals.get("votes", 0)), int(totals.get("errors", 0))
    refused = int(totals.get("refused", 0))
    return MetricsReply(
        total_votes=votes,
        total_refused=refused,
        total_errors=errors,
        success_rate=round(100 * votes / (votes + errors), 2) if votes + errors else 100.0,
        avg_latency_ms=round(totals.get("latency_ms", 0.0) / max(votes + refused + errors, 1), 2),
        last_latency_ms=round(totals.get("last_latency_ms", 0.0), 2),
        secret=False,
    )
