"""Closing: a project that is locked, hidden or deleted accepts no votes; who its authors are.

PostgreSQL decides: `projects.closed` is computed from locked_at, hidden_at and deleted_at. Code that
changes one of these or the team calls `publish_closed` afterwards, and the vote function obeys. A cold
project gets the state when it is hydrated; a hydration that is running starts again. The column
`projects.closed_told` holds what Redis was last sent, so the worker can send what did not arrive. A
deletion sets it to -1, also if the project was hidden before: until it is published, the votes on the
project count towards the budget of their voters.
"""

import structlog
from asyncpg import Pool

from app.errors import VotesUnavailable
from app.voting import queries
from app.voting.functions import VoteFunctions
from app.voting.rules.queries import select_gives_votes_back

log = structlog.get_logger()


async def publish_closed(db: Pool, functions: VoteFunctions, project_id: int) -> bool:
    """Send the committed state of a project to Redis; safe to repeat.

    From then on votes on a deleted project do not count towards the voters' budget.

    Returns False when Redis is away: the worker then sends it within SYNC_INTERVAL.
    """
    try:
        async with db.acquire() as connection, connection.transaction():
            # The lock keeps Redis from getting two changes in another order than PostgreSQL.
            closed, authors = await queries.select_closed_for_update(connection, project_id)
            await functions.close(project_id, closed, authors)
            if await select_gives_votes_back(connection, project_id):
                await functions.rules.forget_counts()
            await queries.update_closed_published(connection, project_id, closed)
    except VotesUnavailable as error:
        log.warning("closed state not published to Redis", project=project_id, reason=str(error))
        return False
    return True


async def publish_all_closed(db: Pool, functions: VoteFunctions) -> int:
    """Send Redis the states that it missed; return how many it got."""
    published = [
        await publish_closed(db, functions, project_id)
        for project_id in await queries.select_unpublished(db)
    ]
    return sum(published)
