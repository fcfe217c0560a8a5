"""Every PERSIST_INTERVAL: move events from the streams into PostgreSQL."""

from typing import Any

import structlog

from app.voting import persist

log = structlog.get_logger()


async def persist_events(context: dict[str, Any]) -> None:
    for shard in range(context["settings"].vote_shards):
        count = await persist.persist_events(context["votes_redis"], context["db"], shard)
        if count:
            log.info("persisted events", shard=shard, count=count)
