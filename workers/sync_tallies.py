"""Every SYNC_INTERVAL: write the live tallies of changed projects to PostgreSQL."""

import structlog

from app.services import Services
from app.voting import sync

log = structlog.get_logger()


async def sync_tallies(services: Services) -> None:
    for shard in range(services.settings.vote_shards):
        count = await sync.sync_tallies(services.redis, services.db, services.functions, shard)
        if count:
            log.info("synced tallies", shard=shard, count=count)
