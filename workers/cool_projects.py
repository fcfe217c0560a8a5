"""Every quarter of an hour, and while Redis is nearly full: remove idle projects from Redis."""

import structlog

from app.services import Services
from app.voting import cooling, kept_events

log = structlog.get_logger()


async def cool_projects(services: Services) -> None:
    for shard in range(services.settings.vote_shards):
        await kept_events.forget_old(services.redis, shard)
    count = await cooling.cool_enough(
        services.redis,
        services.db,
        services.functions,
        shards=services.settings.vote_shards,
        idle=services.settings.cool_after,
    )
    if count:
        log.info("removed idle projects from Redis", count=count)
