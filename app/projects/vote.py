"""POST /projects/<id>/vote: the button's side of a vote."""

from typing import Any, cast

from quart import Blueprint, Response, abort, redirect, render_template, request
from quart.typing import ResponseReturnValue

from app.accounts.guard import sign_in_first
from app.accounts.sessions import signed_in_user
from app.services import services
from app.voting.votes import Status, Vote, VoteResult
from app.voting.widget import answered_widget, refusal
from app.web.asgi import FAILURE
from app.web.redirects import page_of_visitor

blueprint = Blueprint("voting", __name__)

LARGEST_BODY = 4 * 1024
VALUES = {"1": 1, "0": 0, "-1": -1}


@blueprint.post("/projects/<id:project_id>/vote")
async def vote(project_id: int) -> ResponseReturnValue:
    """Cast the wanted end state; sending it again is harmless."""
    if len(await request.get_data()) > LARGEST_BODY:
        abort(413, "A vote is a few bytes: value=1, value=0 or value=-1.")
    user = signed_in_user()
    if user is None:
        return sign_in_first(f"/projects/{project_id}")
    value = VALUES.get((await request.form).get("value", ""))
    if value is None:
        abort(422, "A vote needs a value: 1 for up, -1 for down, 0 to take it back.")
    if failure := cast(dict[str, Any], request.scope).get(FAILURE):
        raise failure
    answer = await services().batcher.cast(Vote(project_id, user.id, value))
    if request.headers.get("HX-Request") == "true":
        return await _fragment(project_id, answer)
    return _redirect(project_id, answer)


async def _fragment(project_id: int, answer: VoteResult) -> Response:
    html = await render_template("voting/_vote_box.html", widget=answered_widget(project_id, answer))
    if answer.status is Status.ACCEPTED:
        return Response(html)
    if not answer.over_limit:
        return Response(html, 403)
    return Response(html, 429, {"Retry-After": str(answer.retry_after)})


def _redirect(project_id: int, answer: VoteResult) -> ResponseReturnValue:
    """Without JavaScript: back to the page one came from, at the project one voted on."""
    if answer.status is not Status.ACCEPTED:
        raise refusal(answer)
    page = page_of_visitor(f"/projects/{project_id}")
    return redirect(f"{page}#project-{project_id}", 303)
