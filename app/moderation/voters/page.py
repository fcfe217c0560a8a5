"""/admin/projects/<id>/votes: who voted on a project, and how old the account was; admins only."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

from asyncpg import Pool
from quart import Blueprint, Response, abort, render_template, request

from app.accounts.guard import require_admin
from app.moderation.csv_answer import CHUNK, Rows, csv_answer
from app.moderation.forms import PAGE
from app.moderation.odd.queries import select_findings
from app.moderation.voters.queries import (
    VotedProject,
    Voter,
    select_project,
    select_voters,
    with_first_votes,
)
from app.services import services
from app.web.ids import MAX_ID
from app.web.spreadsheet import Cell

blueprint = Blueprint("voters_page", __name__, url_prefix="/admin/projects")

COLUMNS = (
    *("account", "username", "vote", "first_vote", "last_change", "registered"),
    "invitation",
    *("account_age_seconds", "other_votes", "suspended", "display_name"),
)


@blueprint.get("/<id:project_id>/votes")
async def voters(project_id: int) -> str:
    await require_admin()
    project = await _project(project_id)
    found = await select_voters(services().db, project_id, _after(), PAGE + 1)
    shown = await with_first_votes(services().db, project_id, found[:PAGE])
    last = f"{shown[-1].voted_at.timestamp():.6f}-{shown[-1].user_id}" if shown else ""
    return await render_template(
        "moderation/voters.html",
        project=project,
        voters=shown,
        findings=await select_findings(services().db, project_id),
        next_url=f"{request.path}?after={last}" if len(found) > PAGE else None,
    )


@blueprint.get("/<id:project_id>/votes.csv")
async def voters_csv(project_id: int) -> Response:
    """Return all votes in force on a project, without the names of deleted accounts."""
    await require_admin()
    await _project(project_id)
    return await csv_answer(f"votes-{project_id}", COLUMNS, _pages(services().db, project_id))


async def _pages(db: Pool, project_id: int) -> AsyncIterator[Rows]:
    after: tuple[datetime, int] | None = None
    while found := await select_voters(db, project_id, after, CHUNK):
        yield [_row(voter) for voter in await with_first_votes(db, project_id, found)]
        after = found[-1].voted_at, found[-1].user_id


def _row(voter: Voter) -> tuple[Cell, ...]:
    return (
        voter.user_id,
        "deleted user" if voter.deleted else voter.username,
        "up" if voter.value == 1 else "down",
        voter.first_at,
        voter.voted_at,
        voter.registered_at,
        voter.invitation,
        int(voter.age.total_seconds()),
        voter.others,
        voter.suspended_at,
        voter.display_name,
    )


async def _project(project_id: int) -> VotedProject:
    project = await select_project(services().db, project_id)
    if project is None:
        abort(404, "There is no such project.")
    return project


def _after() -> tuple[datetime, int] | None:
    """Return the time and the account that the page begins after; None at the beginning."""
    at, _, user_id = request.args.get("after", "").partition("-")
    try:
        return datetime.fromtimestamp(float(at), UTC), min(int(user_id), MAX_ID)
    except (ValueError, OverflowError, OSError):
        return None
