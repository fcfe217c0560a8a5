"""Every SYNC_INTERVAL: write the live tallies of changed projects to PostgreSQL.

And note where that takes them in the lists, and tell Redis which projects were closed or opened while
it was away.
"""

import structlog

from app.projects.places import note_best_places
from app.services import Services
from app.voting import closing, queries, sync

log = structlog.get_logger()


async def sync_tallies(services: Services) -> None:
    for shard in range(services.settings.vote_shards):
        await _catch_up_with_epoch(services, shard)
        count = await sync.sync_tallies(services.redis, services.db, services.functions, shard)
        if count:
            log.info("synced tallies", shard=shard, count=count)
    await note_best_places(services.db)
    if told := await closing.tell_redis_all(services.db, services.functions):
        log.info("told Redis of closed projects", count=told)


async def _catch_up_with_epoch(services: Services, shard: int) -> None:
    """With a new epoch Redis has forgotten which projects had changed: PostgreSQL counts those anew."""
    epoch = await queries.select_epoch(services.db, shard)
    if epoch is not None and services.epochs.get(shard) != epoch:
        await queries.update_lagging_tallies(services.db)
        services.epochs[shard] = epoch
