"""Every SYNC_INTERVAL: write the live tallies of changed projects to PostgreSQL."""

from typing import Any

import structlog

from app.voting import sync

log = structlog.get_logger()


async def sync_tallies(context: dict[str, Any]) -> None:
    redis, db, functions = context["votes_redis"], context["db"], context["functions"]
    for shard in range(context["settings"].vote_shards):
        count = await sync.sync_tallies(redis, db, functions, shard)
        if count:
            log.info("synced tallies", shard=shard, count=count)
