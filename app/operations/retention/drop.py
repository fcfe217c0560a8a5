"""Drops the months older than EVENTS_RETENTION, oldest first, each in one transaction."""

import time
from typing import Any

import structlog
from asyncpg import LockNotAvailableError

from app.operations.retention import queries
from app.operations.retention.queries import Partition
from app.services import Services
from app.voting import keys

log = structlog.get_logger()

# The age limit (s) of the last verification of the whole board; the worker verifies it every hour.
MAX_VERIFY_AGE = 2 * 3600
# This field of metrics:worker has the reason why old events are still there; empty if none are.
KEPT_REASON = "retention:kept"
# And this one since when (Unix time, s) there has been a reason.
KEPT_SINCE = "retention:kept_since"


async def drop_old_partitions(services: Services) -> list[str]:
    """Drop old partitions; return their names. Stop at the first month that cannot be dropped yet."""
    dropped: list[str] = []
    reason = ""
    if services.settings.events_retention:
        for partition in await _old_partitions(services):
            reason = await _reason_to_keep(services, partition) or await _drop(services, partition)
            if reason:
                log.warning("old events are kept", partition=partition.name, reason=reason)
                break
            dropped.append(partition.name)
    redis: Any = services.redis
    await redis.hset(keys.METRICS_WORKER, KEPT_REASON, reason)
    if reason:
        await redis.hsetnx(keys.METRICS_WORKER, KEPT_SINCE, f"{time.time():.0f}")
    else:
        await redis.hdel(keys.METRICS_WORKER, KEPT_SINCE)
    return dropped


async def _old_partitions(services: Services) -> list[Partition]:
    return await queries.select_old_partitions(services.db, services.settings.events_retention)


async def _reason_to_keep(services: Services, partition: Partition) -> str:
    """Return why the month cannot be dropped yet; "" if all of it is persisted and verified."""
    redis: Any = services.redis
    at, remaining = await redis.hmget(keys.METRICS_WORKER, "drift:at", "drift:remaining")
    if at is None or time.time() - float(at) > MAX_VERIFY_AGE:
        return "the board was not verified within the last two hours"
    if int(remaining):
        return "differences remain from the last reconcile"
    for shard in range(services.settings.vote_shards):
        for entry_id, _ in await redis.xrange(keys.events(shard), count=1):
            if int(entry_id.split(b"-")[0]) / 1000 < partition.until.timestamp():
                return "events of that month wait to be persisted"
    return ""


async def _drop(services: Services, partition: Partition) -> str:
    """Drop the month and store its effects in vote_bases, in one transaction.

    Returns why the month cannot be dropped yet, or "".
    """
    try:
        async with services.db.acquire() as db, db.transaction():
            await queries.lock_partition(db, partition.name)
            if not await queries.select_is_droppable(db, partition.name):
                return "its events are not the oldest of their projects, or not all synced"
            await queries.upsert_bases(db, partition.name)
            await queries.drop_partition(db, partition.name)
    except LockNotAvailableError:
        return "another session is reading the event log"
    return ""
