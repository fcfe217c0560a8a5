"""Every PERSIST_INTERVAL: move events from the streams into PostgreSQL."""

import structlog

from app.services import Services
from app.voting import persist

log = structlog.get_logger()


async def persist_events(services: Services) -> None:
    for shard in range(services.settings.vote_shards):
        count = await _persist(services, shard)
        if count:
            log.info("persisted events", shard=shard, count=count)


async def _persist(services: Services, shard: int) -> int:
    try:
        return await persist.persist_events(services.redis, services.db, shard)
    except persist.ForeignRedis:
        await services.functions.compare(shard)
        return await persist.persist_events(services.redis, services.db, shard)
