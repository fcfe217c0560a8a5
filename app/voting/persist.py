"""Persist: move a shard's events from the stream into PostgreSQL, each exactly once.

The checkpoint moves in the transaction that writes the rows, so a crash anywhere repeats nothing
and skips nothing; the stream is trimmed afterwards, and a trim that never happened happens later.
"""

from asyncpg import Connection, Pool
from redis.asyncio import Redis

from app.voting import queries
from app.voting.events import Event, read_events, trim_events
from app.voting.queries import Checkpoint

LARGEST_BATCH = 5_000


async def persist_events(redis: Redis, db: Pool, shard: int) -> int:
    """Persist all events that wait in a shard's stream; returns how many. Safe to run twice at once."""
    persisted = 0
    while count := await persist_batch(redis, db, shard):
        persisted += count
        if count < LARGEST_BATCH:
            break
    return persisted


async def persist_batch(redis: Redis, db: Pool, shard: int, most: int = LARGEST_BATCH) -> int:
    """Persist up to `most` events in one transaction, then trim the stream."""
    async with db.acquire() as connection, connection.transaction():
        checkpoint = await _lock_checkpoint(connection, shard)
        events = await read_events(redis, shard, (checkpoint.last_ms, checkpoint.last_seq), most)
        if events:
            checkpoint = Checkpoint(events[-1].ms, events[-1].seq)
            await _write(connection, shard, events, checkpoint)
    await trim_events(redis, shard, (checkpoint.last_ms, checkpoint.last_seq))
    return len(events)


async def _lock_checkpoint(connection: Connection, shard: int) -> Checkpoint:
    checkpoint = await queries.select_checkpoint_for_update(connection, shard)
    if checkpoint is None:
        await queries.insert_checkpoint(connection, shard)
        checkpoint = await queries.select_checkpoint_for_update(connection, shard)
    assert checkpoint is not None
    return checkpoint


async def _write(
    connection: Connection, shard: int, events: list[Event], checkpoint: Checkpoint
) -> None:
    await queries.insert_events(connection, events)
    await queries.upsert_votes(connection, events)
    await queries.upsert_heads(connection, events)
    await queries.update_checkpoint(connection, shard, checkpoint)
