"""POST /projects/<id>/vote: the vote that a button sends."""

from quart import Blueprint, Response, abort, redirect, render_template, request
from quart.typing import ResponseReturnValue

from app.accounts.guard import require_user
from app.accounts.state import accounts
from app.projects.budget import refusal_text
from app.services import services
from app.voting.vote_box import refusal, vote_box_after
from app.voting.votes import Status, Vote, VoteResult
from app.web.asgi import outcome_of
from app.web.deadline import arrived
from app.web.redirects import referring_page

blueprint = Blueprint("voting", __name__)

MAX_BODY_BYTES = 4 * 1024
VALUES = {"1": 1, "0": 0, "-1": -1}


@blueprint.post("/projects/<id:project_id>/vote")
async def vote(project_id: int) -> ResponseReturnValue:
    """Cast the vote. The value is the wanted end state, so sending it again is harmless."""
    if len(await request.get_data()) > MAX_BODY_BYTES:
        abort(413, "This request is too large for a vote. Send value=1, value=0 or value=-1.")
    user = require_user(f"/projects/{project_id}")
    value = VALUES.get((await request.form).get("value", ""))
    if value is None:
        abort(422, "A vote needs a value: 1 for up, -1 for down, 0 to take it back.")
    # The fast path may have cast the vote already.
    result: VoteResult | None = outcome_of(request.scope)
    if result is None:
        result = await services().batcher.cast(Vote(project_id, user.id, value), arrived())
    await services().board.make_sure()
    if request.headers.get("HX-Request") == "true":
        return await _fragment(project_id, user.id, result)
    return await _redirect(project_id, user.id, result)


async def _fragment(project_id: int, user_id: int, result: VoteResult) -> Response:
    shown, reason = accounts().shown(result.state, user_id), await refusal_text(user_id, result)
    vote_box = vote_box_after(project_id, result, shown, reason)
    html = await render_template("voting/_vote_box.html", vote_box=vote_box)
    if result.status is Status.ACCEPTED:
        return Response(html)
    if not result.over_limit:
        return Response(html, 403)
    return Response(html, 429, {"Retry-After": str(result.retry_after)})


async def _redirect(project_id: int, user_id: int, result: VoteResult) -> ResponseReturnValue:
    """Send a browser without JavaScript back to the project on the page that it came from."""
    if result.status is not Status.ACCEPTED:
        raise refusal(result, await refusal_text(user_id, result))
    page = referring_page(f"/projects/{project_id}")
    return redirect(f"{page}#project-{project_id}", 303)
