"""People: a public profile, and one's own votes."""

from datetime import datetime

from quart import Blueprint, abort, render_template, request
from quart.typing import ResponseReturnValue

from app.accounts.guard import sign_in_first
from app.accounts.queries import select_user
from app.accounts.sessions import signed_in_id
from app.projects import queries
from app.projects.listing import PAGE, make_rows
from app.services import services
from app.web.converters import LARGEST_ID

blueprint = Blueprint("people", __name__)

FILTERS = {"all": (1, -1), "up": (1,), "down": (-1,)}


@blueprint.get("/users/<username>")
async def profile(username: str) -> str:
    account = await select_user(services().db, username)
    if account is None:
        abort(404, "Nobody here has that name.")
    after = request.args.get("after", type=int)
    if after is not None and not 0 < after <= LARGEST_ID:
        after = None
    found = await queries.select_projects_of(services().db, account.id, signed_in_id(), after, PAGE + 1)
    return await render_template(
        "users/show.html",
        profile=account,
        projects=await make_rows(services().functions, found[:PAGE], signed_in_id()),
        score=await queries.select_score_of(services().db, account.id),
        next_url=f"/users/{username}?after={found[PAGE - 1].id}" if len(found) > PAGE else None,
    )


@blueprint.get("/me/votes")
async def my_votes() -> ResponseReturnValue:
    """Straight from the votes table, so no older than the last persist."""
    user_id = signed_in_id()
    if user_id is None:
        return sign_in_first("/me/votes")
    chosen = request.args.get("filter", "all")
    if chosen not in FILTERS:
        abort(404, f"There is no such filter. There are: {', '.join(FILTERS)}.")
    found = await queries.select_voted_projects(
        services().db, user_id, FILTERS[chosen], _moment(request.args.get("before")), PAGE + 1
    )
    next_url = None
    if len(found) > PAGE:
        last = found[PAGE - 1].rank.replace(" ", "T").replace("+", "%2B")
        next_url = f"/me/votes?filter={chosen}&before={last}"
    return await render_template(
        "me/votes.html",
        filter=chosen,
        projects=await make_rows(services().functions, found[:PAGE], user_id),
        next_url=next_url,
    )


def _moment(text: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    return moment if moment and moment.tzinfo else None
