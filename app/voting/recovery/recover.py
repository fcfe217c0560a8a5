"""Brings into PostgreSQL what Redis has and PostgreSQL lacks, before a new epoch begins."""

from dataclasses import dataclass, field
from typing import Any

from asyncpg import Connection

from app.storage.redis_client import RedisClient
from app.voting import keys, persist
from app.voting.events import EntryId, last_entry
from app.voting.origin import Origin
from app.voting.queries import Checkpoint
from app.voting.recovery import queries
from app.voting.recovery.take_in import set_aside, take_in_set_aside
from app.voting.recovery.write_back import write_back


@dataclass(frozen=True)
class Recovered:
    """The reason for a new epoch (None: there is none), the checkpoint, and the last entry in Redis.

    Votes acknowledged since `lost_from_ms` may be missing unless `is_complete`. `details` are counts
    for the log; {} if nothing was written except what waited in the stream.
    """

    reason: str | None
    checkpoint: Checkpoint
    last: EntryId
    lost_from_ms: int
    is_complete: bool = False
    details: dict[str, int] = field(default_factory=dict)


async def recover(
    redis: RedisClient,
    db: Connection,
    shard: int,
    checkpoint: Checkpoint,
    origin: Origin,
    reason: str | None,
) -> Recovered:
    """Write what waits in Redis, in a transaction that holds the checkpoint's lock.

    Nobody may vote in the shard until the epoch is resumed or a new one has begun.
    """
    counts: dict[str, Any] = {}
    lost_from_ms, is_complete = checkpoint.last_ms, reason is None
    if reason == "rewound":
        back = await write_back(redis, db, shard, checkpoint, origin)
        await queries.insert_lost_epochs(db, shard, _unknown(origin, checkpoint))
        checkpoint, is_complete = back.checkpoint, back.is_complete
        counts = {"events_written_again": back.events, "votes_written_again": back.votes}
    elif reason in ("diverged", "foreign"):
        foreign = reason == "foreign"
        count, _ = await set_aside(redis, db, shard, origin.epoch or "", foreign=foreign)
        counts = {"events_set_aside": count} if count else {}
        if foreign:
            await redis.unlink(keys.kept(shard))
    else:
        checkpoint = await persist.persist_waiting(redis, db, shard, checkpoint)
        lost_from_ms = checkpoint.last_ms
    if taken := await take_in_set_aside(db, shard, checkpoint.epoch):
        counts["events_taken_in"] = taken
        reason = reason or "merged"
    last = max(checkpoint.entry, await last_entry(redis, shard))
    return Recovered(reason, checkpoint, last, lost_from_ms, is_complete, counts)


def _unknown(origin: Origin, checkpoint: Checkpoint) -> list[str]:
    """Return the epochs of Redis since the one that PostgreSQL knows."""
    epochs = [*origin.before, origin.epoch or ""]
    if checkpoint.epoch in epochs:
        return epochs[epochs.index(checkpoint.epoch) + 1 :]
    return epochs
