"""`upvote settle`: writes everything from Redis to PostgreSQL, then removes all votes from Redis.

Afterwards the next start may use another VOTE_SHARDS or another Redis.
"""

import asyncpg

from app.operations.backup import queries
from app.operations.backup.backup import persist_all
from app.operations.backup.empty_redis import empty_redis
from app.operations.backup.stopped import check_still_stopped, check_stopped
from app.settings import Settings


async def settle(settings: Settings) -> None:
    """Persist and sync everything, and empty Redis.

    Raises OperatorError while web or worker is connected, since a vote in between would be lost.
    """
    db = await asyncpg.connect(settings.database_url)
    try:
        await check_stopped(db)
        await persist_all(settings, sync=True)
        # Without an epoch, the next start begins a first one and reports no lost votes.
        shards = await queries.update_epochs(db, None)
    finally:
        await db.close()
    await empty_redis(settings, shards)
    await check_still_stopped(
        settings.database_url, "votes may be in Redis again", "and run this again"
    )
