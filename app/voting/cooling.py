"""Cooling: removes idle projects from Redis, so that it needs memory only for projects in use."""

import asyncio
from collections.abc import Sequence
from functools import partial

from asyncpg import Pool

from app.storage.away import REDIS_AWAY
from app.storage.despite_failures import do_all
from app.storage.redis_client import RedisClient
from app.storage.redis_memory import share_used
from app.voting import keys, queries
from app.voting.functions import VoteFunctions
from app.voting.origin import read_persisted

CHUNK = 500
# From this share of `maxmemory` on, projects are removed before they have been idle for COOL_AFTER: a
# full Redis accepts no votes. They are removed until less than ENOUGH_SHARE is used.
FULL_SHARE = 0.95
ENOUGH_SHARE = 0.85

# Below so many seconds, the next step is to remove every project whose votes are all in PostgreSQL.
LEAST_IDLE = 10
# Redis frees the memory of removed keys in the background.
FREEING_SECONDS = 0.1


async def cool_enough(
    redis: RedisClient, db: Pool, functions: VoteFunctions, *, shards: int, idle: int
) -> int:
    """Remove the projects that had no vote for `idle` seconds, and while Redis is nearly full others
    too, those without recent votes first. Return how many were removed.
    """
    is_full = await _is_full(redis)
    cooled = await cool_projects(redis, db, functions, shards=shards, idle=idle)
    while is_full and idle > 0:
        await asyncio.sleep(FREEING_SECONDS)
        if await share_used(redis) < ENOUGH_SHARE:
            break
        idle = idle // 4 if idle // 4 >= LEAST_IDLE else 0
        cooled += await cool_projects(redis, db, functions, shards=shards, idle=idle)
    return cooled


async def _is_full(redis: RedisClient) -> bool:
    """Return whether Redis is nearly full; False while it does not say, such as a Cluster that has lost
    a primary.
    """
    try:
        return await share_used(redis) >= FULL_SHARE
    except REDIS_AWAY:
        return False


async def cool_projects(
    redis: RedisClient, db: Pool, functions: VoteFunctions, *, shards: int, idle: int
) -> int:
    """Remove each project that had no vote for `idle` seconds and whose events are all in PostgreSQL.

    Return how many projects were removed. Safe to repeat. Where a shard fails, the others are done
    before its error is raised.
    """
    of_shards = [partial(_cool_shard, redis, db, functions, shard, idle) for shard in range(shards)]
    return await do_all(of_shards)


async def _cool_shard(
    redis: RedisClient, db: Pool, functions: VoteFunctions, shard: int, idle: int
) -> int:
    if await _is_rewound(redis, db, shard):
        return 0
    cooled = 0
    chunk: list[int] = []
    async for key in redis.scan_shard(keys.all_tallies(shard), CHUNK):
        chunk.append(keys.project_of(key))
        if len(chunk) == CHUNK:
            cooled += await _cool(db, functions, chunk, idle)
            chunk = []
    return cooled + await _cool(db, functions, chunk, idle)


async def _cool(db: Pool, functions: VoteFunctions, project_ids: Sequence[int], idle: int) -> int:
    versions = await queries.select_heads(db, project_ids)
    return sum([await functions.cool(p, versions.get(p, 0), idle) for p in project_ids])


async def _is_rewound(redis: RedisClient, db: Pool, shard: int) -> bool:
    """Return whether PostgreSQL lacks what Redis knows to be stored there: then Redis has the truth."""
    persisted = await read_persisted(redis, shard)
    async with db.acquire() as connection:
        checkpoint = await queries.select_checkpoint(connection, shard)
    return checkpoint is None or persisted > checkpoint.entry
