"""Decides whether a shard in Redis and PostgreSQL go together, and if not, why."""

from asyncpg import Connection

from app.storage.redis_client import RedisClient
from app.voting.events import has_entry, last_entry
from app.voting.kept_events import KEEP_SECONDS, is_kept
from app.voting.last_seen import NO_EVENT, LastEvent
from app.voting.origin import Origin
from app.voting.queries import Checkpoint
from app.voting.recovery import queries

# Only events of the last minutes (ms) are looked for: older ones are no longer kept, and may have been
# dropped from the event log (EVENTS_RETENTION).
CHECKED_MS = KEEP_SECONDS * 1000 // 2


async def reason_for_new_epoch(
    redis: RedisClient,
    db: Connection,
    shard: int,
    checkpoint: Checkpoint,
    origin: Origin,
    acknowledged: LastEvent,
) -> str | None:
    """Return why this Redis cannot be used as it is, or None if it can.

    `acknowledged` is the last event that Redis acknowledged to this process: it must be in the stream
    or in PostgreSQL.
    """
    if origin.epoch is None:
        return "first" if checkpoint.epoch is None else "emptied"
    if origin.epoch != checkpoint.epoch:
        return await _reason_of_other_epoch(db, shard, checkpoint, origin)
    if origin.persisted > checkpoint.entry:
        return "rewound"
    if await last_entry(redis, shard) < checkpoint.entry:
        return "older"
    if await _is_lost(redis, db, shard, checkpoint, acknowledged):
        return "older"
    return None if origin.continues(checkpoint.server) else "diverged"


async def _reason_of_other_epoch(
    db: Connection, shard: int, checkpoint: Checkpoint, origin: Origin
) -> str:
    """Return which of the two has an epoch that the other one does not know.

    A restored backup (`upvote restore`) starts without the votes that Redis may still have.
    """
    if checkpoint.epoch is not None and checkpoint.epoch.startswith("restored-"):
        return "foreign"
    is_ours = origin.board == checkpoint.board
    if is_ours and (checkpoint.epoch in origin.before or _precedes(checkpoint, origin)):
        return "rewound"
    return "diverged" if await queries.select_is_known(db, shard, origin.epoch or "") else "foreign"


def _precedes(checkpoint: Checkpoint, origin: Origin) -> bool:
    """Return whether PostgreSQL is from before the first vote, which was persisted."""
    return checkpoint.epoch is None and origin.persisted > checkpoint.entry


async def _is_lost(
    redis: RedisClient, db: Connection, shard: int, checkpoint: Checkpoint, event: LastEvent
) -> bool:
    """Return whether an acknowledged event is neither in the stream nor in PostgreSQL.

    An event before the checkpoint may be lost too, if later ones of other processes were persisted.
    """
    if event == NO_EVENT:
        return False
    if event.entry > checkpoint.entry:
        return not await has_entry(redis, shard, event.entry)
    if event.entry[0] < checkpoint.last_ms - CHECKED_MS:
        return False
    if await is_kept(redis, shard, event.entry):
        return False
    return not await queries.select_is_persisted(
        db, shard, event.entry, event.project_id, event.version
    )
