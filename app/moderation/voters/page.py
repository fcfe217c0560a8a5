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
    select_first_votes,
    select_project,
    select_voter_ids,
    select_voters,
    select_votes_of,
)
from app.services import services
from app.web.ids import MAX_ID
from app.web.spreadsheet import Cell

blueprint = Blueprint("voters_page", __name__, url_prefix="/admin/projects")

# Accounts whose first votes are looked for at once for the file, since each look reads all events of
# the project: of a million votes, 200 times.
BLOCK = 5_000

COLUMNS = (
    *("account", "username", "vote", "first_vote", "last_change", "registered"),
    "invitation",
    *("account_age_seconds", "other_votes", "suspended", "display_name"),
)


@blueprint.get("/<id:project_id>/votes")
async def voters(project_id: int) -> str:
    await require_admin()
    project = await _project(project_id)
    after = _after()
    found = await select_voters(services().db, project_id, after, PAGE + 1)
    shown = found[:PAGE]
    last = f"{shown[-1].voted_at.timestamp():.6f}-{shown[-1].user_id}" if shown else ""
    return await render_template(
        "moderation/voters.html",
        project=project,
        voters=shown,
        is_first=after is None,
        findings=await select_findings(services().db, project_id),
        next_url=f"{request.path}?after={last}" if len(found) > PAGE else None,
    )


@blueprint.get("/<id:project_id>/votes.csv")
async def voters_csv(project_id: int) -> Response:
    """Return all votes in force on a project, ordered by account.

    A vote that is changed meanwhile is there once. Deleted accounts are without their names.
    """
    await require_admin()
    await _project(project_id)
    return await csv_answer(f"votes-{project_id}", COLUMNS, _pages(services().db, project_id))


async def _pages(db: Pool, project_id: int) -> AsyncIterator[Rows]:
    after = 0
    while user_ids := await select_voter_ids(db, project_id, after, BLOCK):
        first = await select_first_votes(db, project_id, user_ids)
        for at in range(0, len(user_ids), CHUNK):
            some = user_ids[at : at + CHUNK]
            yield [_row(voter) for voter in await select_votes_of(db, project_id, some, first)]
        after = user_ids[-1]


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
        return datetime.fromtimestamp(float(at), UTC), max(0, min(int(user_id), MAX_ID))
    except (ValueError, OverflowError, OSError):
        return None
