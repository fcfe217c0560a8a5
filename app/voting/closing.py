"""Closing: a project that is locked, hidden or deleted takes no votes.

PostgreSQL decides: `projects.closed` follows from locked_at, hidden_at and deleted_at. Whoever changes
one of these calls `tell_redis` afterwards, and the vote function obeys from that moment. A cold project
learns it when it is hydrated; a hydration that is under way begins anew. Redis was told what stands in
`projects.closed_told`, so what did not reach it is told again by the worker.
"""

import structlog
from asyncpg import Pool

from app.voting import queries
from app.voting.functions import VoteFunctions
from app.voting.votes import VotesUnavailable

log = structlog.get_logger()


async def tell_redis(db: Pool, functions: VoteFunctions, project_id: int) -> bool:
    """Let votes on a project follow what PostgreSQL has committed; safe to repeat.

    False when Redis is away: then the worker tells it within SYNC_INTERVAL.
    """
    try:
        async with db.acquire() as connection, connection.transaction():
            # The lock keeps two of us from telling Redis in another order than PostgreSQL.
            closed = await queries.select_closed_for_update(connection, project_id)
            await functions.close(project_id, closed)
            await queries.update_closed_told(connection, project_id, closed)
    except VotesUnavailable as error:
        log.warning(
            "Redis is not told yet that a project is closed", project=project_id, reason=str(error)
        )
        return False
    return True


async def tell_redis_all(db: Pool, functions: VoteFunctions) -> int:
    """Tell what Redis has missed; gives how many projects it was told of."""
    told = [
        await tell_redis(db, functions, project_id) for project_id in await queries.select_untold(db)
    ]
    return sum(told)
