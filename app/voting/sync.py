"""Sync: write the live tallies of changed projects to the projects table."""

from asyncpg import Pool
from redis.asyncio import Redis

from app.voting import keys, queries
from app.voting.functions import VoteFunctions

CHUNK = 1_000


async def sync_tallies(redis: Redis, db: Pool, functions: VoteFunctions, shard: int) -> int:
    """Sync a shard's changed projects; returns how many. Safe to repeat and to run twice at once.

    A project leaves the changed set only if its version has not moved since it was read. One that was
    cooled or lost meanwhile is forgotten, since its next hydration starts from PostgreSQL, and so is
    a mark that its tally does not match.
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
    standings = await functions.read(map(int, changed))
    tallies = [(project_id, *standing.tally) for project_id, standing in standings.items()]
    if tallies:
        async with db.acquire() as connection, connection.transaction():
            if await queries.select_epoch_for_share(connection, shard) != epoch:
                return 0  # some of what was read may be lost by now; the next run reads again
            await queries.update_tallies(connection, tallies)
    # As it was marked before its tally was read, or was meanwhile, with the tally's own version.
    done = {(int(project_id), int(version)) for project_id, version in changed.items()}
    done |= {(project_id, version) for project_id, _, _, version in tallies}
    await functions.settle(shard, done)
    return len(tallies)
