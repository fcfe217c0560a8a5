"""Kept events: persisted events stay in Redis for some minutes.

PostgreSQL may come back older than it was: a standby is promoted that lags behind, or a snapshot is
restored. What it has lost is then written again from here. Each persisted batch is one compressed entry
of the stream `kept`, which costs Redis next to nothing. It is written before the batch is committed, so
every event that is trimmed from the shard's stream is here.
"""

import zlib
from collections.abc import AsyncIterator, Sequence
from typing import Any

import structlog
from redis.exceptions import ResponseError

from app.logs import line_limit
from app.storage.redis_client import RedisClient
from app.storage.redis_memory import ALLOW_WHEN_FULL
from app.voting import keys
from app.voting.events import Entry, EntryId, format_entry_id, parse_entry_id

log = structlog.get_logger()

# How long events are kept: more than a standby lags behind, and than an operator needs to restore one.
KEEP_SECONDS = 600
# The most batches that are kept. A batch has at most 5,000 events (persist.MAX_BATCH), of 8 to 10 bytes
# each when compressed: at most 2 million events in 20 MB a shard.
MAX_BATCHES = 400
# Small batches take a millisecond either way; this level needs half the time of the default one.
LEVEL = 1
FORGET_OLD = f"""{ALLOW_WHEN_FULL}
local oldest = (redis.call('TIME')[1] - ARGV[1]) * 1000
return redis.call('XTRIM', KEYS[1], 'MINID', '=', string.format('%.0f', math.max(oldest, 0)))
"""
READ_AT_ONCE = 20  # batches, up to 1 MB


async def keep_events(
    redis: RedisClient, shard: int, after: EntryId, entries: Sequence[Entry], board: str
) -> None:
    """Keep a batch that is about to be committed. `after` is the checkpoint before it.

    A Redis whose memory is full keeps nothing: persisting is what frees its memory.
    """
    last = entries[-1][0]
    lines = zlib.compress(b"\n".join([b"%b %b" % entry for entry in entries]), LEVEL)
    fields: Any = {"after": format_entry_id(after), "board": board, "events": lines}
    try:
        await redis.xadd(keys.kept(shard), fields, id=last, maxlen=MAX_BATCHES, approximate=False)
    except ResponseError as error:
        if "equal or smaller" in str(error):  # kept by an attempt that was not committed
            return
        if line_limit.is_due("events not kept"):
            log.warning("persisted events are not kept in Redis", shard=shard, reason=str(error))
    await forget_old(redis, shard)


async def forget_old(redis: Any, shard: int) -> None:
    """Remove the batches that were kept for KEEP_SECONDS, by the clock of Redis."""
    await redis.execute_command("EVAL", FORGET_OLD, 1, keys.kept(shard), KEEP_SECONDS)


async def is_kept(redis: RedisClient, shard: int, entry: EntryId) -> bool:
    """Return whether an entry is kept, so it was persisted or about to be."""
    text = format_entry_id(entry)
    for _, fields in await redis.xrange(keys.kept(shard), min=text, count=1):
        return any(entry_id == text.encode() for entry_id, _ in _unpack(fields))
    return False


async def read_kept(
    redis: RedisClient, shard: int, after: EntryId, board: str
) -> AsyncIterator[tuple[EntryId, list[Entry]]]:
    """Yield the kept batches with entries later than `after`, oldest first, each without repetitions.

    Each comes with the entry that it follows: if that is later than `after`, or than the last entry of
    the batch before, events in between are not kept any more.
    """
    reached, start = after, f"({format_entry_id(after)}"
    while batches := await redis.xrange(keys.kept(shard), min=start, count=READ_AT_ONCE):
        for batch_id, fields in batches:
            start = f"({batch_id.decode()}"
            if fields[b"board"].decode() != board:
                continue
            later = [e for e in _unpack(fields) if parse_entry_id(e[0]) > reached]
            if later:
                yield parse_entry_id(fields[b"after"]), later
                reached = parse_entry_id(later[-1][0])


def _unpack(fields: dict[bytes, bytes]) -> list[Entry]:
    lines = zlib.decompress(fields[b"events"]).split(b"\n")
    return [(line.partition(b" ")[0], line.partition(b" ")[2]) for line in lines]
