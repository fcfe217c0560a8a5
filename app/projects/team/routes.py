"""/projects/<id>/team and /me/teams: the author names members, who accept, decline or leave."""

from quart import Blueprint, abort, flash, redirect, render_template, request
from quart.typing import ResponseReturnValue

from app.accounts.drafts.form_drafts import form_done, read_draft
from app.accounts.guard import require_user
from app.accounts.user import User
from app.projects.lists import find_row
from app.projects.queries import HiddenFor
from app.projects.rows import Row
from app.projects.team import members, queries
from app.projects.team.members import BadMember
from app.services import board, services
from app.texts import clean_line
from app.web.redirects import referring_page

blueprint = Blueprint("team", __name__)

NO_INVITATION = "There is no invitation for you to answer: it was taken back, or you have answered it."
ACTIONS = "invite, remove, accept, decline, leave"


@blueprint.get("/projects/<id:project_id>/team")
async def team_page(project_id: int) -> str:
    """Show the team to the author, and to everybody who is named."""
    row, user = await _project(project_id)
    draft = await read_draft(user.id, request.path)
    return await _page(row, user, draft.get("username", ""), restored=bool(draft))


@blueprint.post("/projects/<id:project_id>/team")
async def change_team(project_id: int) -> ResponseReturnValue:
    row, user = await _project(project_id)
    form = await request.form
    action, username = form.get("action"), clean_line(form.get("username", "")).lower()
    if action in ("invite", "remove"):
        return await _by_author(row, user, action, username)
    match action:
        case "accept":
            done, message = await members.accept(services(), row.id, user.id), _accepted(row)
        case "decline":
            done, message = await members.decline(services(), row.id, user.id), "You have declined."
        case "leave":
            done, message = await members.leave(services(), row.id, user.id), "You have left the team."
        case _:
            abort(422, f"There is no such action. Use one of: {ACTIONS}.")
    if not done:
        abort(409, NO_INVITATION if action != "leave" else "You are not on this team.")
    await flash(message)
    return redirect(referring_page(f"/projects/{row.id}"), 303)


@blueprint.get("/me/teams")
async def my_teams() -> str:
    user = require_user("/me/teams")
    teams = await queries.select_teams_of(services().db, user.id)
    return await render_template("me/teams.html", teams=teams)


async def _by_author(row: Row, user: User, action: str, username: str) -> ResponseReturnValue:
    if row.author != user.username:
        abort(403, "Only the author names and removes the members of a team.")
    try:
        if action == "invite":
            await members.invite(services(), user.id, row.id, username)
            await form_done(user.id, request.path)
            await flash(f"{username} is invited, and finds the invitation on the page of this project.")
        else:
            await members.remove(services(), user.id, row.id, username)
            await flash(f"{username} is no longer on the team.")
    except BadMember as error:
        return await _page(row, user, username, str(error)), 422
    return redirect(f"/projects/{row.id}/team", 303)


def _accepted(row: Row) -> str:
    """Return what accepting did. The row is as the member saw it before, with a vote perhaps."""
    text = "You are on the team: you may edit the project, and it is on your profile."
    if board().settings.self_votes or not row.vote_box.value:
        return text
    if board().voting_phase() == "ended":
        return f"{text} Voting has ended, so your vote on it stays as it was."
    return f"{text} Your vote on it is taken out, since authors do not vote on their own projects."


async def _project(project_id: int) -> tuple[Row, User]:
    user = require_user(f"/projects/{project_id}/team")
    return await find_row(project_id, user.id, HiddenFor.OTHERS), user


async def _page(
    row: Row, user: User, username: str = "", error: str = "", *, restored: bool = False
) -> str:
    team = await queries.select_team(services().db, row.id)
    me = next((member for member in team if member.user_id == user.id), None)
    if row.author != user.username and (me is None or me.declined_at):
        abort(403, "Only the author and the members of the team see this page.")
    return await render_template(
        "projects/team.html",
        project=row,
        team=team,
        me=me,
        is_owner=row.author == user.username,
        username=username,
        restored=restored,
        errors={"username": error} if error else {},
    )
