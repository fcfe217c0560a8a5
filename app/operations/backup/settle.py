"""`upvote settle`: everything that Redis knows goes to PostgreSQL, and Redis is emptied of votes.

Afterwards no key depends on VOTE_SHARDS or on this Redis: either may be another at the next start.
"""

import asyncpg

from app.operations.backup import queries
from app.operations.backup.backup import persist_all
from app.operations.backup.connected import check_nobody_is_connected
from app.operations.backup.empty_redis import empty_redis
from app.settings import Settings


async def settle(settings: Settings) -> None:
    """Raises OperatorError while web or worker is connected: a vote in between would be lost."""
    db = await asyncpg.connect(settings.database_url)
    try:
        await check_nobody_is_connected(db)
        await persist_all(settings, sync=True)
        # No epoch: the next start begins a first one, in which nothing is missing.
        shards = await queries.update_epochs(db, None)
    finally:
        await db.close()
    await empty_redis(settings, shards)
