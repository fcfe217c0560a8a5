"""Every quarter of an hour: remove idle projects from Redis."""

import structlog

from app.services import Services
from app.voting import cooling

log = structlog.get_logger()


async def cool_projects(services: Services) -> None:
    count = await cooling.cool_projects(
        services.redis,
        services.db,
        services.functions,
        shards=services.settings.vote_shards,
        idle=services.settings.cool_after,
    )
    if count:
        log.info("removed idle projects from Redis", count=count)
