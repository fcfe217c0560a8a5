"""Persist: move a shard's events from the stream into PostgreSQL, each exactly once.

The checkpoint moves in the transaction that writes the rows, so a crash anywhere repeats nothing
and skips nothing; the stream is trimmed afterwards, and a trim that never happened happens later.
"""

import logging
from dataclasses import replace

import structlog
from asyncpg import CheckViolationError, Connection, ForeignKeyViolationError, Pool
from redis.asyncio import Redis

from app.voting import keys, queries
from app.voting.events import Event, read_events, trim_events
from app.voting.queries import Checkpoint

log = structlog.get_logger()

LARGEST_BATCH = 5_000


class NotOurs(Exception):
    """Redis is empty or another's: it has to be compared with PostgreSQL before it is relied on."""


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
        checkpoint = await lock_checkpoint(connection, shard)
        if not await _is_ours(redis, shard, checkpoint):
            raise NotOurs(f"shard {shard} in Redis is not the one that PostgreSQL knows")
        events, checkpoint = await _persist_next(redis, connection, shard, checkpoint, most)
    if events and log.is_enabled_for(logging.DEBUG):
        _tell(shard, events)
    await trim_events(redis, shard, (checkpoint.last_ms, checkpoint.last_seq))
    return len(events)


def _tell(shard: int, events: list[Event]) -> None:
    """The batch that a vote went into is found by its project and version."""
    log.debug(
        "batch persisted",
        shard=shard,
        first=f"{events[0].ms}-{events[0].seq}",
        last=f"{events[-1].ms}-{events[-1].seq}",
        events=" ".join(f"{event.project_id}@{event.version}" for event in events),
    )


async def persist_waiting(
    redis: Redis, connection: Connection, shard: int, checkpoint: Checkpoint
) -> Checkpoint:
    """Persist all that waits, in a transaction of the caller's that holds the checkpoint's lock."""
    events: list[Event] | None = None
    while events is None or events:
        events, checkpoint = await _persist_next(redis, connection, shard, checkpoint, LARGEST_BATCH)
    return checkpoint


async def lock_checkpoint(connection: Connection, shard: int) -> Checkpoint:
    """The shard's checkpoint, locked until the transaction ends."""
    checkpoint = await queries.select_checkpoint_for_update(connection, shard)
    if checkpoint is None:
        await queries.insert_checkpoint(connection, shard)
        checkpoint = await queries.select_checkpoint_for_update(connection, shard)
    assert checkpoint is not None
    return checkpoint


async def _is_ours(redis: Redis, shard: int, checkpoint: Checkpoint) -> bool:
    epoch = await redis.get(keys.epoch(shard))
    return epoch is not None and epoch.decode() == checkpoint.epoch


async def _persist_next(
    redis: Redis, connection: Connection, shard: int, checkpoint: Checkpoint, most: int
) -> tuple[list[Event], Checkpoint]:
    events = await read_events(redis, shard, (checkpoint.last_ms, checkpoint.last_seq), most)
    if events:
        checkpoint = replace(checkpoint, last_ms=events[-1].ms, last_seq=events[-1].seq)
        await _write(connection, shard, events, checkpoint)
    return events, checkpoint


async def _write(
    connection: Connection, shard: int, events: list[Event], checkpoint: Checkpoint
) -> None:
    try:
        async with connection.transaction():  # a savepoint
            await _insert(connection, events, checkpoint)
    except (ForeignKeyViolationError, CheckViolationError):
        events = await _reject_strangers(connection, shard, events)
        await _insert(connection, events, checkpoint)
    await queries.update_checkpoint(connection, shard, checkpoint)


async def _insert(connection: Connection, events: list[Event], checkpoint: Checkpoint) -> None:
    await queries.insert_events(connection, events)
    await queries.upsert_votes(connection, events)
    await queries.upsert_heads(connection, events, checkpoint.epoch)


async def _reject_strangers(connection: Connection, shard: int, events: list[Event]) -> list[Event]:
    """Set aside the events whose project or user is not in this database; the others remain."""
    known = await queries.select_known(connection, events)
    strangers = [event for event in events if (event.project_id, event.user_id) not in known]
    await queries.insert_rejected(connection, shard, strangers)
    log.error("events rejected: their project or user does not exist", count=len(strangers))
    return [event for event in events if (event.project_id, event.user_id) in known]
