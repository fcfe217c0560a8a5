"""Drop the months that are older than EVENTS_RETENTION, oldest first, each in one transaction."""

import time
from typing import Any

import structlog
from asyncpg import LockNotAvailableError

from app.operations.retention import queries
from app.operations.retention.queries import Partition
from app.services import Services
from app.voting import keys

log = structlog.get_logger()

# The last audit of the whole board must be this fresh (s); the worker makes one every hour.
AUDIT_SECONDS = 2 * 3600
KEPT = "retention:kept"  # in metrics:worker: why old events are still there; empty when none are


async def drop_old_partitions(services: Services) -> list[str]:
    """Gives the names of what was dropped. Stops at the first month that has to stay for now."""
    dropped: list[str] = []
    reason = ""
    if services.settings.events_retention:
        for partition in await _old(services):
            reason = await _why_not(services, partition) or await _drop(services, partition)
            if reason:
                log.warning("old events are kept", partition=partition.name, reason=reason)
                break
            dropped.append(partition.name)
    redis: Any = services.redis
    await redis.hset(keys.METRICS_WORKER, KEPT, reason)
    return dropped


async def _old(services: Services) -> list[Partition]:
    return await queries.select_old_partitions(services.db, services.settings.events_retention)


async def _why_not(services: Services, partition: Partition) -> str:
    """Why the month has to stay; empty when all of it is persisted and was found to be right."""
    redis: Any = services.redis
    at, remaining = await redis.hmget(keys.METRICS_WORKER, "drift:at", "drift:remaining")
    if at is None or time.time() - float(at) > AUDIT_SECONDS:
        return "the board was not audited within two hours"
    if int(remaining):
        return "the last reconcile left differences"
    for shard in range(services.settings.vote_shards):
        for entry_id, _ in await redis.xrange(keys.events(shard), count=1):
            if int(entry_id.split(b"-")[0]) / 1000 < partition.until.timestamp():
                return "events of that time wait to be persisted"
    return ""


async def _drop(services: Services, partition: Partition) -> str:
    """Where the log begins moves in the transaction that drops what was before it."""
    try:
        async with services.db.acquire() as db, db.transaction():
            await queries.lock_partition(db, partition.name)
            if not await queries.select_is_beginning(db, partition.name):
                return "its events are not the oldest of their projects, or not all synced"
            await queries.upsert_bases(db, partition.name)
            await queries.drop_partition(db, partition.name)
    except LockNotAvailableError:
        return "somebody reads the event log all the while"
    return ""
