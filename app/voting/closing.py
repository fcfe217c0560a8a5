"""Closing: a project that is locked, hidden or deleted accepts no votes; who its authors are.

PostgreSQL decides: `projects.closed` is computed from locked_at, hidden_at and deleted_at. Code that
changes one of these or the team calls `publish_closed` afterwards, and the vote function obeys. A cold
project gets the state when it is hydrated; a hydration that is running starts again. The column
`projects.closed_told` holds what Redis has confirmed, so the worker can send what did not arrive. It is
-1 while Redis is asked, since a command without an answer may be carried out later. A deletion sets it
to -1 too, also if the project was hidden before: until it is published, the votes on the project count
towards the budget of their voters.
"""

import structlog
from asyncpg import Connection, Pool

from app.errors import VotesUnavailable
from app.voting import queries
from app.voting.functions import VoteFunctions
from app.voting.rules.queries import select_gives_votes_back

log = structlog.get_logger()

NOT_KNOWN = -1  # what Redis has


async def publish_closed(db: Pool, functions: VoteFunctions, project_id: int) -> bool:
    """Send the committed state of a project to Redis; safe to repeat.

    From then on votes on a deleted project do not count towards the voters' budget.

    Returns False when Redis is away, or when another process has begun the same meanwhile. What is not
    published then, the worker sends within SYNC_INTERVAL.
    """
    try:
        # Of several, Redis obeys only the one that began last, and that one has read the latest state.
        token = await functions.closing.begin(project_id)
        async with db.acquire() as connection:
            await queries.update_closed_published(connection, project_id, NOT_KNOWN)
            return await _publish(connection, functions, project_id, token)
    except VotesUnavailable as error:
        log.warning("closed state not published to Redis", project=project_id, reason=str(error))
        return False


async def _publish(db: Connection, functions: VoteFunctions, project_id: int, token: str) -> bool:
    async with db.transaction():
        # The lock keeps the state until it is noted that Redis has it.
        closed, authors = await queries.select_closed_for_update(db, project_id)
        if not await functions.closing.close(project_id, closed, authors, token):
            return False
        if await select_gives_votes_back(db, project_id):
            await functions.rules.forget_counts()
        await queries.update_closed_published(db, project_id, closed)
    return True


async def publish_all_closed(db: Pool, functions: VoteFunctions) -> int:
    """Send Redis the states that it missed; return how many it got."""
    published = [
        await publish_closed(db, functions, project_id)
        for project_id in await queries.select_unpublished(db)
    ]
    return sum(published)
