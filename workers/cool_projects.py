"""Every quarter of an hour, and while Redis is nearly full: remove idle projects from Redis."""

from functools import partial

import structlog

from app.services import Services
from app.storage.despite_failures import do_all
from app.voting import cooling, kept_events

log = structlog.get_logger()


async def cool_projects(services: Services) -> None:
    shards = range(services.settings.vote_shards)
    forget = [partial(kept_events.forget_old, services.redis, shard) for shard in shards]
    await do_all([*forget, partial(_cool_projects, services)])


async def _cool_projects(services: Services) -> None:
    count = await cooling.cool_enough(
        services.redis,
        services.db,
        services.functions,
        shards=services.settings.vote_shards,
        idle=services.settings.cool_after,
    )
    if count:
        log.info("removed idle projects from Redis", count=count)
