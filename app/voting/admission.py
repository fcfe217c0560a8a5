"""Admission: before a copy of Redis is relied on, it is compared with PostgreSQL.

Redis may come back empty, or older than what was persisted (a restored backup, a replica that was
promoted), or be another site's. The vote functions refuse to work until this has been found out,
and then either go on with what is there or begin a new epoch, in which every project is cold.
"""

import asyncio
import secrets
from dataclasses import replace

import structlog
from asyncpg import Connection, Pool
from redis.asyncio import Redis
from redis.exceptions import RedisError

from app.connections import DATABASE_AWAY
from app.voting import keys, persist, queries
from app.voting.events import last_entry
from app.voting.functions import VoteFunctions
from app.voting.queries import Checkpoint
from app.voting.votes import VotesUnavailable

log = structlog.get_logger()

PATIENCE_SECONDS = 1.5


class Admission:
    """Admits shards; several processes may try at once, a lock in PostgreSQL orders them."""

    def __init__(self, redis: Redis, db: Pool, functions: VoteFunctions) -> None:
        self._redis = redis
        self._db = db
        self._functions = functions
        self._flights: dict[int, asyncio.Task[None]] = {}

    async def admit(self, shard: int) -> None:
        """Compare the shard and admit it. Raises VotesUnavailable while PostgreSQL is away."""
        flight = self._flights.get(shard)
        if flight is None:
            flight = self._flights[shard] = asyncio.create_task(self._admit(shard))
            flight.add_done_callback(lambda _: self._flights.pop(shard, None))
        try:
            await asyncio.wait_for(asyncio.shield(flight), PATIENCE_SECONDS)
        except (*DATABASE_AWAY, RedisError) as error:
            raise VotesUnavailable(f"Redis cannot be compared with PostgreSQL: {error!r}") from error

    async def _admit(self, shard: int) -> None:
        async with self._db.acquire() as db:
            await queries.lock_admission(db, shard)  # whoever waits here finds the work done
            try:
                await self._compare(db, shard)
            finally:
                await queries.unlock_admission(db, shard)

    async def _compare(self, db: Connection, shard: int) -> None:
        """PostgreSQL learns of a new epoch first: if we die then, the next comparison begins one."""
        async with db.transaction():
            checkpoint = await persist.lock_checkpoint(db, shard)
            found = await _epoch(self._redis, shard)
            reason = _why_not(checkpoint, found, await last_entry(self._redis, shard))
            if reason is not None:
                checkpoint = await self._record_epoch(db, shard, checkpoint, reason)
        epoch = checkpoint.epoch or ""
        if reason is None:
            done = await self._functions.admit(shard, epoch)
        else:
            last = (checkpoint.last_ms, checkpoint.last_seq)
            done = await self._functions.begin_epoch(shard, epoch, found, last)
        log.warning("shard compared", shard=shard, epoch=epoch, reason=reason or "same", done=done)

    async def _record_epoch(
        self, db: Connection, shard: int, checkpoint: Checkpoint, reason: str
    ) -> Checkpoint:
        """What still waits in our own stream is saved before: hydration starts from PostgreSQL."""
        if reason != "foreign":
            checkpoint = await persist.persist_waiting(self._redis, db, shard, checkpoint)
        epoch = secrets.token_hex(6)
        await queries.insert_epoch(db, shard, epoch, reason, checkpoint)
        return replace(checkpoint, epoch=epoch)


def _why_not(checkpoint: Checkpoint, epoch: str | None, last: tuple[int, int]) -> str | None:
    """Why this copy cannot be gone on with; None when it can."""
    if epoch is None:
        return "first" if checkpoint.epoch is None else "emptied"
    if epoch != checkpoint.epoch:
        return "foreign"
    if last < (checkpoint.last_ms, checkpoint.last_seq):
        return "older"
    return None


async def _epoch(redis: Redis, shard: int) -> str | None:
    found = await redis.get(keys.epoch(shard))
    return None if found is None else found.decode()
