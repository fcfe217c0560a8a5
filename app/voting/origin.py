"""What a shard in Redis says about itself: its server, board and epoch, and what was persisted."""

import asyncio
from dataclasses import dataclass
from typing import Any

from app.storage.redis_memory import set_fields
from app.voting import keys
from app.voting.events import EntryId, format_entry_id, parse_entry_id


@dataclass(frozen=True)
class Origin:
    """`server` answers now, and `compared` was compared last with this data.

    They differ after a restart, and on a promoted replica. `before` are the shard's earlier epochs.
    `persisted` is the last entry that this Redis knows to be in PostgreSQL.
    """

    server: str
    epoch: str | None
    board: str | None
    compared: str | None
    before: tuple[str, ...]
    persisted: EntryId

    def continues(self, server: str | None) -> bool:
        """Return whether this data has everything of the server that PostgreSQL knows.

        None: an earlier version of Upvote compared it, which does not note the server.
        """
        return server in (None, self.server, self.compared)


async def read_origin(redis: Any, shard: int) -> Origin:
    """Ask Redis, partly at the same time, since callers hold locks in PostgreSQL meanwhile."""
    server = await redis.server_of(keys.epoch(shard))
    epoch, found = await asyncio.gather(
        redis.get(keys.epoch(shard)),
        redis.hmget(keys.origin(shard), ["board", "server", "before", "persisted"]),
    )
    board, compared, before, persisted = (value and value.decode() for value in found)
    return Origin(
        server,
        epoch and epoch.decode(),
        board,
        compared,
        tuple((before or "").split()),
        parse_entry_id((persisted or "0-0").encode()),
    )


async def read_persisted(redis: Any, shard: int) -> EntryId:
    """Return the last entry that this Redis knows to be in PostgreSQL."""
    return parse_entry_id(await redis.hget(keys.origin(shard), "persisted") or b"0-0")


async def note_persisted(redis: Any, shard: int, upto: EntryId) -> None:
    """Note the last entry that is in PostgreSQL; call it after the commit.

    A full Redis takes it too: the stream is trimmed only after it.
    """
    await set_fields(redis, keys.origin(shard), {"persisted": format_entry_id(upto)})
