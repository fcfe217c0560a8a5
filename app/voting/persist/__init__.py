"""Persist: moves a shard's events from the stream into PostgreSQL, each exactly once.

The checkpoint moves in the transaction that writes the rows, so a crash at any point repeats nothing
and skips nothing. The stream is trimmed afterwards; if that does not happen, the next run does it.
Before the commit the batch is kept in Redis (kept_events.py), in case PostgreSQL loses it again.
"""

import logging
from dataclasses import replace

import structlog
from asyncpg import Connection, Pool

from app.storage.redis_client import RedisClient
from app.voting.events import Entry, parse_entry_id, parse_event, read_entries, trim_events
from app.voting.kept_events import keep_events
from app.voting.origin import Origin, note_persisted, read_origin
from app.voting.persist import queries
from app.voting.queries import (
    Checkpoint,
    insert_checkpoint,
    select_checkpoint_for_update,
    update_checkpoint,
)

log = structlog.get_logger()

MAX_BATCH = 5_000


class UnknownOwner(Exception):
    """Some of the events belong to a project or user that is not in this database."""


class ForeignRedis(Exception):
    """Redis and PostgreSQL do not go together, or events were set aside: compare them first."""


async def persist_events(redis: RedisClient, db: Pool, shard: int) -> int:
    """Persist all events of a shard's stream; return how many. Safe to run twice at the same time.

    Raises ForeignRedis.
    """
    persisted = 0
    while count := await persist_batch(redis, db, shard):
        persisted += count
        if count < MAX_BATCH:
            break
    return persisted


async def persist_batch(redis: RedisClient, db: Pool, shard: int, limit: int = MAX_BATCH) -> int:
    """Persist up to `limit` events in one transaction, then trim the stream; return how many."""
    async with db.acquire() as connection, connection.transaction():
        checkpoint = await lock_checkpoint(connection, shard)
        origin = await read_origin(redis, shard)
        if not go_together(origin, checkpoint):
            raise ForeignRedis(f"shard {shard} in Redis is not the one that PostgreSQL knows")
        entries, checkpoint = await _persist_next(redis, connection, shard, checkpoint, limit)
    if entries and log.is_enabled_for(logging.DEBUG):
        _log(shard, entries)
    if origin.persisted < checkpoint.entry:
        await note_persisted(redis, shard, checkpoint.entry)
    await trim_events(redis, shard, checkpoint.entry)
    return len(entries)


def _log(shard: int, entries: list[Entry]) -> None:
    """Project and version identify a vote, here and in the log of the web process."""
    log.debug(
        "batch persisted",
        shard=shard,
        first=entries[0][0].decode(),
        last=entries[-1][0].decode(),
        events=" ".join(f"{event.project_id}@{event.version}" for event in map(parse_event, entries)),
    )


async def persist_waiting(
    redis: RedisClient, connection: Connection, shard: int, checkpoint: Checkpoint
) -> Checkpoint:
    """Persist all events in the caller's transaction, which holds the checkpoint's lock."""
    entries: list[Entry] | None = None
    while entries is None or entries:
        entries, checkpoint = await _persist_next(redis, connection, shard, checkpoint, MAX_BATCH)
    return checkpoint


async def lock_checkpoint(connection: Connection, shard: int) -> Checkpoint:
    """Return the shard's checkpoint, locked until the transaction ends."""
    checkpoint = await select_checkpoint_for_update(connection, shard)
    if checkpoint is None:
        await insert_checkpoint(connection, shard)
        checkpoint = await select_checkpoint_for_update(connection, shard)
    assert checkpoint is not None
    return checkpoint


def go_together(origin: Origin, checkpoint: Checkpoint) -> bool:
    """Return whether the comparison would find nothing to do; it knows what to do otherwise."""
    return (
        origin.epoch is not None
        and origin.epoch == checkpoint.epoch
        and origin.server == (checkpoint.server or origin.server)
        and origin.persisted <= checkpoint.entry
        and not checkpoint.has_set_aside
    )


async def _persist_next(
    redis: RedisClient, connection: Connection, shard: int, checkpoint: Checkpoint, limit: int
) -> tuple[list[Entry], Checkpoint]:
    entries = await read_entries(redis, shard, checkpoint.entry, limit)
    if entries:
        after, (last_ms, last_seq) = checkpoint.entry, parse_entry_id(entries[-1][0])
        checkpoint = replace(checkpoint, last_ms=last_ms, last_seq=last_seq)
        await queries.copy_incoming(connection, entries)
        await write_incoming(connection, shard, len(entries), checkpoint.epoch)
        await update_checkpoint(connection, shard, checkpoint)
        await keep_events(redis, shard, after, entries, checkpoint.board)
    return entries, checkpoint


async def write_incoming(connection: Connection, shard: int, count: int, epoch: str | None) -> None:
    """Write the `count` events in the table `incoming` to the event log, `votes` and `vote_heads`."""
    try:
        async with connection.transaction():  # a savepoint
            await _insert(connection, count, epoch)
    except UnknownOwner:
        rejected = await queries.insert_rejected_events(connection, shard)
        log.error("events rejected: their project or user does not exist", count=rejected)
        await _insert(connection, count - rejected, epoch)


async def _insert(connection: Connection, count: int, epoch: str | None) -> None:
    if await queries.insert_events(connection) < count:
        raise UnknownOwner
    await queries.upsert_votes(connection)
    await queries.upsert_heads(connection, epoch)
