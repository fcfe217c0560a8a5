"""Hydration: loads into Redis what a vote needs: a cold project, the votes in force of an account."""

import asyncio
import math
import secrets
import time
from collections.abc import Sequence
from typing import Any

from asyncpg import Connection, Pool

from app.errors import VotesUnavailable
from app.single_flight import SingleFlight
from app.storage.away import DATABASE_AWAY, REDIS_AWAY
from app.storage.redis_client import RedisClient
from app.storage.timeouts import REDIS_SECONDS
from app.voting import keys, queries
from app.voting.functions import VoteFunctions
from app.voting.origin import read_persisted
from app.voting.rules.budget import VotesInForce
from app.voting.votes import Tally

# A chunk keeps Redis busy for about 0.4 ms (2,000 votes took 2 to 3 ms), and other votes wait for that.
CHUNK = 500
# Each chunk renews the claim. A process that does not come back within this time has died.
CLAIM_SECONDS = 5
# The pause before we look again at a project that another process is hydrating.
PAUSE_SECONDS = 0.05
# A project holds a connection to PostgreSQL while it is loaded, and a pool has ten.
AT_ONCE = 4


class RewoundDatabase(Exception):
    """PostgreSQL is older than Redis knows: it has to be compared first."""


class Hydrator:
    """Hydrates projects, each at most once at a time in this process."""

    def __init__(self, redis: RedisClient, db: Pool, functions: VoteFunctions, shards: int) -> None:
        self._redis: Any = redis
        self._db = db
        self._functions = functions
        self._shards = shards
        self._loads = SingleFlight[bool]()
        self._votes_in_force = VotesInForce(redis, db, functions.rules)
        self._chunk_at: dict[int, float] = {}  # of each project that is loaded; monotonic, s

    async def hydrate(self, project_id: int) -> bool:
        """Try to load a project; return False if it does not exist.

        True does not mean that it is cached now: another process may still be loading it. Cast again.
        Raises VotesUnavailable when Redis or PostgreSQL does not answer.
        """
        return await self._loads.run(project_id, lambda: self._hydrate(project_id))

    async def count_votes(self, user_id: int) -> None:
        """Try to count an account's votes in force. They may have changed meanwhile: cast again.

        Raises VotesUnavailable when Redis or PostgreSQL does not answer.
        """
        await self._votes_in_force.count(user_id)

    def is_progressing(self, project_id: int) -> bool:
        """Return whether this process has just stored one of many chunks of the project's votes."""
        return time.monotonic() - self._chunk_at.get(project_id, -math.inf) < REDIS_SECONDS

    async def hydrate_all(self, project_ids: Sequence[int]) -> None:
        """Try to load projects, AT_ONCE at a time."""
        waiting = iter(project_ids)

        async def work() -> None:
            for project_id in waiting:
                await self.hydrate(project_id)

        await asyncio.gather(*[work() for _ in range(AT_ONCE)])

    async def _hydrate(self, project_id: int) -> bool:
        shard = keys.shard_of(project_id, self._shards)
        try:
            return await self._try(shard, project_id)
        except RewoundDatabase:
            await self._functions.compare(shard)
            return True
        except (*REDIS_AWAY, *DATABASE_AWAY) as error:
            raise VotesUnavailable(str(error)) from error

    async def _try(self, shard: int, project_id: int) -> bool:
        async with self._db.acquire() as db:
            if await queries.select_start(db, project_id, shard) is None:
                return False
            token = await self._claim(shard, project_id)
            if token is not None:
                await self._load(db, shard, project_id, token)
                return True
        await asyncio.sleep(PAUSE_SECONDS)
        return True

    async def _claim(self, shard: int, project_id: int) -> str | None:
        """Return a token, or None while another process hydrates the project."""
        token = secrets.token_hex(8)
        key = keys.claim(shard, project_id)
        return token if await self._redis.set(key, token, nx=True, ex=CLAIM_SECONDS) else None

    async def _load(self, db: Connection, shard: int, project_id: int, token: str) -> None:
        staged, claim = keys.staged(shard, project_id, token), keys.claim(shard, project_id)
        try:
            persisted = await read_persisted(self._redis, shard)
            # A worker may have read events of this project before Redis lost it.
            checkpoint, epoch = await queries.wait_for_persist(db, shard)
            if persisted > checkpoint:
                raise RewoundDatabase
            async with db.transaction(isolation="repeatable_read", readonly=True):
                version = await queries.select_start(db, project_id, shard) or 0
                closed, authors = await queries.select_closed(db, project_id)
                up, down = await self._stage(db, staged, claim, project_id)
            tally = Tally(up, down, version)
            await self._functions.install(shard, project_id, token, tally, closed, authors, epoch)
        except BaseException:
            await self._redis.delete(staged, claim)  # the next attempt need not wait for us
            raise
        finally:
            self._chunk_at.pop(project_id, None)

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
            if len(rows) == CHUNK:
                self._chunk_at[project_id] = time.monotonic()
        return up, down
