"""Sync: writes the live tallies of changed projects to the projects table."""

from functools import partial

import structlog
from asyncpg import Pool
from redis.asyncio import Redis

from app.storage.despite_failures import do_all
from app.voting import keys, queries
from app.voting.functions import VoteFunctions

log = structlog.get_logger()

CHUNK = 1_000
# Marks of changed projects that one call clears: 1,000 kept Redis busy for 10 ms on a slow machine.
MAX_CLEARED = 100


class TallySync:
    """Remembers which epoch of each shard it has caught up with."""

    def __init__(self, redis: Redis, db: Pool, functions: VoteFunctions, shards: int) -> None:
        self._redis = redis
        self._db = db
        self._functions = functions
        self._shards = shards
        self._epochs: dict[int, str] = {}

    async def run(self) -> int:
        """Sync the changed projects of all shards; return how many there were.

        Where a shard fails, the others are synced before its error is raised.
        """
        return await do_all([partial(self._run, shard) for shard in range(self._shards)])

    async def _run(self, shard: int) -> int:
        await self._catch_up_with_epoch(shard)
        return await sync_tallies(self._redis, self._db, self._functions, shard)

    async def _catch_up_with_epoch(self, shard: int) -> None:
        """Count projects again that Redis no longer marks as changed, since a new epoch began."""
        epoch = await queries.select_epoch(self._db, shard)
        if epoch is not None and self._epochs.get(shard) != epoch:
            await queries.update_unsynced_tallies(self._db)
            self._epochs[shard] = epoch


async def sync_tallies(redis: Redis, db: Pool, functions: VoteFunctions, shard: int) -> int:
    """Sync a shard's changed projects; return how many. Safe to repeat and to run twice at once.

    A project's mark is cleared only if its version has not moved since it was read. The mark of a
    project that became cold meanwhile is cleared too: its next hydration starts from PostgreSQL.
    """
    synced, cursor = 0, 0
    while True:
        cursor, changed = await redis.hscan(keys.changed(shard), cursor, count=CHUNK)
        if changed:
            synced += await _sync_chunk(db, functions, shard, changed)
        if cursor == 0:
            return synced


async def _sync_chunk(
    db: Pool, functions: VoteFunctions, shard: int, changed: dict[bytes, bytes]
) -> int:
    epoch = await queries.select_epoch(db, shard)
    states = await functions.read(map(int, changed))
    tallies = [(project_id, *state.tally) for project_id, state in states.items()]
    if tallies:
        async with db.acquire() as connection, connection.transaction():
            if await queries.select_epoch_for_share(connection, shard) != epoch:
                return 0  # some of it may be lost by now; the next run reads it again
            await queries.update_tallies(connection, tallies)
    # The mark may have moved between the two reads, so either version counts as synced. A project that
    # is cold by now has only the first.
    done = {(int(project_id), int(version)) for project_id, version in changed.items()}
    done |= {(project_id, version) for project_id, _, _, version in tallies}
    marks = list(done)
    for start in range(0, len(marks), MAX_CLEARED):
        await functions.clear_synced(shard, marks[start : start + MAX_CLEARED])
    return len(tallies)
