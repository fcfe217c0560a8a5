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

from app.storage.connections import DATABASE_AWAY
from app.storage.timeouts import COMPARE_SECONDS, within
from app.voting import keys, persist, queries
from app.voting.events import EntryId, has_entry, last_entry
from app.voting.functions import VoteFunctions
from app.voting.queries import Checkpoint
from app.voting.votes import VotesUnavailable

log = structlog.get_logger()


class Epochs:
    """Admits shards; several processes may try at once, a lock in PostgreSQL orders them."""

    def __init__(self, redis: Redis, db: Pool, functions: VoteFunctions, shards: int) -> None:
        self._redis = redis
        self._db = db
        self._functions = functions
        self._shards = shards
        self._flights: dict[int, asyncio.Task[bool]] = {}

    async def admit(self, shard: int) -> bool:
        """Compare the shard and admit it; gives whether a new epoch began, with every project cold.

        Raises VotesUnavailable while PostgreSQL is away.
        """
        flight = self._flights.get(shard)
        if flight is None:
            flight = self._flights[shard] = asyncio.create_task(self._admit(shard))
            flight.add_done_callback(lambda _: self._flights.pop(shard, None))
        try:
            async with within(COMPARE_SECONDS):
                return await asyncio.shield(flight)
        except (*DATABASE_AWAY, RedisError) as error:
            raise VotesUnavailable(f"Redis cannot be compared with PostgreSQL: {error!r}") from error

    async def _admit(self, shard: int) -> bool:
        async with self._db.acquire() as db:
            await queries.lock_admission(db, shard)  # whoever waits here finds the work done
            try:
                return await self._compare(db, shard)
            finally:
                await queries.unlock_admission(db, shard)

    async def _compare(self, db: Connection, shard: int) -> bool:
        """PostgreSQL learns of a new epoch first: if we die then, the next comparison begins one."""
        async with db.transaction():
            checkpoint = await persist.lock_checkpoint(db, shard)
            found = await _epoch(self._redis, shard)
            told = self._functions.last_seen.told(shard, checkpoint.epoch)
            reason = await self._why_not(shard, checkpoint, found, told)
            if reason is not None:
                checkpoint = await self._record_epoch(db, shard, checkpoint, reason)
        epoch = checkpoint.epoch or ""
        if reason is None:
            done = await self._functions.admit(shard, epoch)
        else:
            last = max((checkpoint.last_ms, checkpoint.last_seq), told)
            done = await self._functions.begin_epoch(shard, epoch, found, last)
        log.warning("shard compared", shard=shard, epoch=epoch, reason=reason or "same", done=done)
        return reason is not None

    async def _why_not(
        self, shard: int, checkpoint: Checkpoint, epoch: str | None, told: EntryId
    ) -> str | None:
        """Why this copy of Redis cannot be gone on with; None when it can.

        `told` is the last event that this process was told of: it must be in one place or the other.
        """
        if epoch is None:
            return "first" if checkpoint.epoch is None else "emptied"
        if epoch != checkpoint.epoch:
            return "foreign"
        persisted = (checkpoint.last_ms, checkpoint.last_seq)
        if await last_entry(self._redis, shard) < persisted:
            return "older"
        if told > persisted and not await has_entry(self._redis, shard, told):
            return "older"
        return None

    async def _record_epoch(
        self, db: Connection, shard: int, checkpoint: Checkpoint, reason: str
    ) -> Checkpoint:
        """What still waits in our own stream is saved before: hydration starts from PostgreSQL.

        What was synced and is now lost is taken out of the tallies that pages fall back to.
        """
        await self._functions.fence(shard)  # open where another process had nothing to compare with
        if reason != "foreign":
            checkpoint = await persist.persist_waiting(self._redis, db, shard, checkpoint)
        await queries.update_leading_tallies(db, shard, self._shards)
        epoch = secrets.token_hex(6)
        await queries.insert_epoch(db, shard, epoch, reason, checkpoint)
        return replace(checkpoint, epoch=epoch)


async def _epoch(redis: Redis, shard: int) -> str | None:
    found = await redis.get(keys.epoch(shard))
    return None if found is None else found.decode()
