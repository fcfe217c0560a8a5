"""Hydration: a cold project's votes and tally are brought from PostgreSQL into Redis."""

import asyncio
import secrets
from typing import Any

from asyncpg import Connection, Pool
from redis.asyncio import Redis
from redis.exceptions import RedisError

from app.storage.connections import DATABASE_AWAY
from app.voting import keys, queries
from app.voting.functions import VoteFunctions
from app.voting.votes import Tally, VotesUnavailable

# Redis is busy with a chunk for some 0.4 ms (2,000 votes took it 2 to 3): so long other votes wait.
CHUNK = 500
# Renewed with each chunk; whoever does not come back for this long has died.
CLAIM_SECONDS = 5
# How long to leave a project to another process that is hydrating it, before looking again.
OTHERS_TURN = 0.05


class Hydrator:
    """Hydrates projects; at most one flight a project in this process."""

    def __init__(self, redis: Redis, db: Pool, functions: VoteFunctions, shards: int) -> None:
        self._redis: Any = redis
        self._db = db
        self._functions = functions
        self._shards = shards
        self._flights: dict[int, asyncio.Task[bool]] = {}

    async def hydrate(self, project_id: int) -> bool:
        """Try to make a project hot; False when there is no such project.

        True promises no more than a chance: another process may still be at it, so cast again.
        Raises VotesUnavailable when Redis or PostgreSQL does not answer.
        """
        flight = self._flights.get(project_id)
        if flight is None:
            flight = self._flights[project_id] = asyncio.create_task(self._fly(project_id))
            flight.add_done_callback(lambda _: self._flights.pop(project_id, None))
        return await asyncio.shield(flight)

    async def _fly(self, project_id: int) -> bool:
        shard = keys.shard_of(project_id, self._shards)
        try:
            async with self._db.acquire() as db:
                if await queries.select_start(db, project_id, shard) is None:
                    return False
                token = await self._claim(shard, project_id)
                if token is not None:
                    await self._load(db, shard, project_id, token)
                    return True
        except (RedisError, *DATABASE_AWAY) as error:
            raise VotesUnavailable(str(error)) from error
        await asyncio.sleep(OTHERS_TURN)
        return True

    async def _claim(self, shard: int, project_id: int) -> str | None:
        """A token for as long as nobody else hydrates the project."""
        token = secrets.token_hex(8)
        key = keys.claim(shard, project_id)
        return token if await self._redis.set(key, token, nx=True, ex=CLAIM_SECONDS) else None

    async def _load(self, db: Connection, shard: int, project_id: int, token: str) -> None:
        staged, claim = keys.staged(shard, project_id, token), keys.claim(shard, project_id)
        try:
            # Events of this project that a worker read before Redis forgot it may be in flight.
            await queries.wait_for_persist(db, shard)
            async with db.transaction(isolation="repeatable_read", readonly=True):
                version = await queries.select_start(db, project_id, shard) or 0
                closed, author_id = await queries.select_closed(db, project_id)
                up, down = await self._stage(db, staged, claim, project_id)
            tally = Tally(up, down, version)
            await self._functions.install(shard, project_id, token, tally, closed, author_id)
        except BaseException:
            await self._redis.delete(staged, claim)  # whoever comes next need not wait for us
            raise

    async def _stage(self, db: Connection, staged: str, claim: str, project_id: int) -> tuple[int, int]:
        up = down = 0
        async for rows in queries.select_votes(db, project_id, CHUNK):
            ups = sum(row["value"] == 1 for row in rows)
            up, down = up + ups, down + len(rows) - ups
            pipe = self._redis.pipeline(transaction=False)
            pipe.hset(staged, mapping={row["user_id"]: row["value"] for row in rows})
            pipe.expire(staged, CLAIM_SECONDS)
            pipe.expire(claim, CLAIM_SECONDS)
            await pipe.execute()
        return up, down
