"""Pages about people: a public profile, and the votes of the signed-in user."""

import asyncio

from quart import Blueprint, abort, render_template, request
from quart.typing import ResponseReturnValue

from app.accounts.forms import is_username
from app.accounts.guard import require_user
from app.accounts.queries import select_user
from app.accounts.sessions import signed_in_id
from app.projects.cursors import decode_cursor
from app.projects.lists import FILTERS, voted_page
from app.projects.rows import PAGE, make_rows
from app.projects.team.queries import select_projects_of, select_totals_of
from app.services import board, services
from app.web.ids import MAX_ID

blueprint = Blueprint("people", __name__)


@blueprint.get("/users/<username>")
async def profile(username: str) -> str:
    account = await select_user(services().db, username) if is_username(username) else None
    if account is None:
        abort(404, "There is no user with that name.")
    after = request.args.get("after", type=int)
    if after is not None and not 0 < after <= MAX_ID:
        after = None
    found, (score, newer, invitations) = await asyncio.gather(
        select_projects_of(services().db, account.id, signed_in_id(), after, PAGE + 1),
        select_totals_of(services().db, account.id, after),
    )
    return await render_template(
        "users/show.html",
        profile=account,
        projects=await make_rows(services().functions, found[:PAGE], signed_in_id(), newer + 1),
        score=score,
        invitations=invitations,
        paged=after is not None,
        next_url=f"/users/{username}?after={found[PAGE - 1].id}" if len(found) > PAGE else None,
    )


@blueprint.get("/me/votes")
async def my_votes() -> ResponseReturnValue:
    """Show the signed-in user's votes up to the last persist."""
    user_id = require_user("/me/votes").id
    chosen = request.args.get("filter") or "all"
    if chosen not in FILTERS:
        abort(404, f"There is no such filter. Choose one of: {', '.join(FILTERS)}.")
    after = decode_cursor(request.args.get("after"), "new")  # ranked by a time, like "new"
    page = await voted_page(user_id, chosen, after)
    next_url = f"/me/votes?filter={chosen}&after={page.next}" if page.next else None
    # Where nobody votes down any more, those who did still find it.
    shows_down = board().settings.downvotes or bool((await voted_page(user_id, "down", None)).rows)
    return await render_template(
        "me/votes.html",
        filter=chosen,
        projects=page.rows,
        paged=after is not None,
        next_url=next_url,
        shows_down=shows_down,
    )
