"""Cooling: removes idle projects from Redis, so that it needs memory only for projects in use."""

from collections.abc import Sequence

from asyncpg import Pool

from app.storage.redis_client import RedisClient
from app.voting import keys, queries
from app.voting.functions import VoteFunctions

CHUNK = 500


async def cool_projects(
    redis: RedisClient, db: Pool, functions: VoteFunctions, *, shards: int, idle: int
) -> int:
    """Remove each project that had no vote for `idle` seconds and whose events are all in PostgreSQL.

    Return how many projects were removed. Safe to repeat.
    """
    cooled = 0
    for shard in range(shards):
        chunk: list[int] = []
        async for key in redis.scan_shard(keys.all_tallies(shard), CHUNK):
            chunk.append(keys.project_of(key))
            if len(chunk) == CHUNK:
                cooled += await _cool(db, functions, chunk, idle)
                chunk = []
        cooled += await _cool(db, functions, chunk, idle)
    return cooled


async def _cool(db: Pool, functions: VoteFunctions, project_ids: Sequence[int], idle: int) -> int:
    versions = await queries.select_heads(db, project_ids)
    return sum([await functions.cool(p, versions.get(p, 0), idle) for p in project_ids])
