"""Epochs: Redis is compared with PostgreSQL before anything in it is relied on.

Redis may come back empty, or older than PostgreSQL (a restored backup, a promoted replica), or it may
belong to another site. The vote functions refuse to work until this is known. The comparison then
resumes the shard's epoch, or begins a new one, in which every project is cold.
"""

import secrets
from dataclasses import replace

import structlog
from asyncpg import Connection, Pool
from redis.asyncio import Redis

from app.errors import VotesUnavailable
from app.single_flight import SingleFlight
from app.storage.connections import DATABASE_AWAY, REDIS_AWAY
from app.storage.queries import lock_session, unlock_session
from app.storage.timeouts import COMPARE_SECONDS, within
from app.voting import keys, persist, queries
from app.voting.epoch_functions import EpochFunctions
from app.voting.events import EntryId, has_entry, last_entry
from app.voting.queries import Checkpoint

log = structlog.get_logger()

COMPARISON_LOCK = 7_302_001  # the first key of the advisory locks; the second one is the shard


class Epochs:
    """Compares shards. A lock in PostgreSQL orders the processes that try at the same time."""

    def __init__(self, redis: Redis, db: Pool, functions: EpochFunctions, shards: int) -> None:
        self._redis = redis
        self._db = db
        self._functions = functions
        self._shards = shards
        self._comparisons = SingleFlight[bool]()

    async def compare(self, shard: int) -> bool:
        """Compare the shard with PostgreSQL; return whether a new epoch began.

        Raises VotesUnavailable while PostgreSQL or Redis is away.
        """
        try:
            async with within(COMPARE_SECONDS):
                return await self._comparisons.run(shard, lambda: self._compare_alone(shard))
        except (*DATABASE_AWAY, *REDIS_AWAY) as error:
            raise VotesUnavailable(f"Redis cannot be compared with PostgreSQL: {error!r}") from error

    async def _compare_alone(self, shard: int) -> bool:
        async with self._db.acquire() as db:
            try:
                # A process that waits here finds the work done.
                await lock_session(db, (COMPARISON_LOCK, shard))
                done = await self._compare(db, shard)
                await unlock_session(db, (COMPARISON_LOCK, shard))
                return done
            except BaseException:
                db.terminate()  # the next user of this connection must not find itself with the lock
                raise

    async def _compare(self, db: Connection, shard: int) -> bool:
        """Write a new epoch to PostgreSQL first: after a crash, the next comparison begins another."""
        async with db.transaction():
            checkpoint = await persist.lock_checkpoint(db, shard)
            found = await _epoch(self._redis, shard)
            acknowledged = self._functions.last_seen.last_event(shard, checkpoint.epoch)
            reason = await self._reason_for_new_epoch(shard, checkpoint, found, acknowledged)
            if reason is not None:
                checkpoint = await self._record_epoch(db, shard, checkpoint, reason)
        epoch = checkpoint.epoch or ""
        if reason is None:
            done = await self._functions.resume(shard, epoch)
        else:
            last = max((checkpoint.last_ms, checkpoint.last_seq), acknowledged)
            done = await self._functions.begin(shard, epoch, found, last)
        write = log.info if reason in (None, "first") else log.warning  # the others may have lost votes
        write("shard compared", shard=shard, epoch=epoch, reason=reason or "same", done=done)
        return reason is not None

    async def _reason_for_new_epoch(
        self, shard: int, checkpoint: Checkpoint, epoch: str | None, acknowledged: EntryId
    ) -> str | None:
        """Return why this copy of Redis cannot be used as it is, or None if it can.

        `acknowledged` is the last event that Redis acknowledged to this process: it must be in the
        stream or in PostgreSQL.
        """
        if epoch is None:
            return "first" if checkpoint.epoch is None else "emptied"
        if epoch != checkpoint.epoch:
            return "foreign"
        persisted = (checkpoint.last_ms, checkpoint.last_seq)
        if await last_entry(self._redis, shard) < persisted:
            return "older"
        if acknowledged > persisted and not await has_entry(self._redis, shard, acknowledged):
            return "older"
        return None

    async def _record_epoch(
        self, db: Connection, shard: int, checkpoint: Checkpoint, reason: str
    ) -> Checkpoint:
        """Write a new epoch to PostgreSQL and return its checkpoint.

        Events that still wait in our own stream are persisted before, since projects are hydrated from
        PostgreSQL next. Votes that were synced and are now lost are taken out of the tallies.
        """
        await self._functions.suspend(shard)  # another process may have had nothing to compare with
        if reason != "foreign":
            checkpoint = await persist.persist_waiting(self._redis, db, shard, checkpoint)
        await queries.update_lost_tallies(db, shard, self._shards)
        epoch = secrets.token_hex(6)
        await queries.insert_epoch(db, shard, epoch, reason, checkpoint)
        return replace(checkpoint, epoch=epoch)


async def _epoch(redis: Redis, shard: int) -> str | None:
    found = await redis.get(keys.epoch(shard))
    return None if found is None else found.decode()
