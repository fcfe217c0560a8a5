"""Writes to PostgreSQL again what it has lost and Redis still has, after PostgreSQL came back older.

Events of the last minutes are kept in Redis (kept_events.py), later ones wait in its stream. If
PostgreSQL is older than the kept events, the votes on cached projects are compared one by one.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any

from asyncpg import Connection

from app.storage.redis_client import RedisClient
from app.voting import keys
from app.voting.events import Entry, format_entry_id, parse_entry_id, read_entries
from app.voting.kept_events import read_kept
from app.voting.origin import Origin
from app.voting.persist import MAX_BATCH
from app.voting.queries import Checkpoint, update_checkpoint
from app.voting.recovery import queries
from app.voting.recovery.take_in import take_in

SCAN_COUNT = 100


@dataclass(frozen=True)
class WrittenBack:
    """The events and the votes without an event that were written; whether nothing can be missing."""

    checkpoint: Checkpoint
    events: int
    votes: int
    is_complete: bool


async def write_back(
    redis: RedisClient, db: Connection, shard: int, checkpoint: Checkpoint, origin: Origin
) -> WrittenBack:
    """Write what PostgreSQL lacks; return the new checkpoint. Nobody may vote meanwhile.

    Needs a transaction that holds the checkpoint's lock. Safe to repeat.
    """
    reached, events, is_complete = checkpoint.entry, 0, True
    async for follows, entries in read_kept(redis, shard, checkpoint.entry, checkpoint.board):
        is_complete = is_complete and follows <= reached
        events += await take_in(db, shard, entries, checkpoint.epoch, keep_versions=True)
        reached = parse_entry_id(entries[-1][0])
    is_complete = is_complete and reached >= origin.persisted
    last = checkpoint.entry
    while entries := await read_entries(redis, shard, last, MAX_BATCH):
        events += await take_in(db, shard, entries, checkpoint.epoch, keep_versions=True)
        last = parse_entry_id(entries[-1][0])
    votes = 0
    if not is_complete:
        async for entries in _cached_votes(redis, db, shard, origin):
            votes += await take_in(db, shard, entries, checkpoint.epoch, keep_versions=True)
    last_ms, last_seq = max(reached, last, origin.persisted)
    checkpoint = replace(checkpoint, last_ms=last_ms, last_seq=last_seq)
    await update_checkpoint(db, shard, checkpoint)
    return WrittenBack(checkpoint, events, votes, is_complete)


async def _cached_votes(
    redis: RedisClient, db: Connection, shard: int, origin: Origin
) -> AsyncIterator[list[Entry]]:
    """Yield an event for each vote on a cached project that differs from PostgreSQL, without a version.

    Their time is that of the last event that was persisted: they are not later than that.
    """
    chunk: list[Entry] = []
    async for key in redis.scan_shard(keys.all_tallies(shard), SCAN_COUNT):
        chunk += await _differences(redis, db, shard, keys.project_of(key), origin)
        if len(chunk) >= MAX_BATCH:
            yield chunk
            chunk = []
    yield chunk


async def _differences(
    redis: Any, db: Connection, shard: int, project_id: int, origin: Origin
) -> list[Entry]:
    """Compare one project: PostgreSQL would end a transaction that waits for many (timeouts.py)."""
    persisted = await queries.select_votes(db, project_id)
    epoch = await redis.hget(keys.tally(shard, project_id), "epoch")
    if epoch is None or epoch.decode() != origin.epoch:
        return []
    found = redis.hscan_iter(keys.votes(shard, project_id), count=1_000)
    cached = {int(user): int(value) async for user, value in found}
    entry_id = format_entry_id(origin.persisted).encode()
    return [
        (entry_id, f"{project_id} {user_id} 0 {value} 0".encode())
        for user_id in cached.keys() | persisted.keys()
        if (value := cached.get(user_id, 0)) != persisted.get(user_id, 0)
    ]
