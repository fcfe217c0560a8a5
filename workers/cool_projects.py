"""Every quarter of an hour: take idle projects out of Redis, so that its memory follows use."""

import structlog

from app.services import Services
from app.voting import keys, queries

log = structlog.get_logger()

CHUNK = 500


async def cool_projects(services: Services) -> None:
    """Make cold what was not asked for in COOL_AFTER seconds and is in PostgreSQL, all of it."""
    for shard in range(services.settings.vote_shards):
        chunk: list[int] = []
        async for key in services.redis.scan_shard(keys.all_tallies(shard), CHUNK):
            chunk.append(keys.project_of(key))
            if len(chunk) == CHUNK:
                await _cool(services, chunk)
                chunk = []
        await _cool(services, chunk)


async def _cool(services: Services, project_ids: list[int]) -> None:
    heads = await queries.select_heads(services.db, project_ids)
    idle = services.settings.cool_after
    cooled = [p for p in project_ids if await services.functions.cool(p, heads.get(p, 0), idle)]
    if cooled:
        log.info("cooled projects", count=len(cooled))
