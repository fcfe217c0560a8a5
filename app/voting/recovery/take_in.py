"""Takes events in late: each is an end state at a time, and the user's latest vote on a project wins.

An event that is in the log already, or whose user voted on the project later, changes nothing. The
others get the user's vote in PostgreSQL as their old value and follow the last version of their
project. So the log stays a chain without repetitions, whatever old values and versions the events had.
"""

from collections.abc import Sequence

from asyncpg import Connection

from app.storage.redis_client import RedisClient
from app.voting import persist
from app.voting.events import Entry, EntryId, is_event, parse_entry_id, parse_event, read_entries
from app.voting.persist import MAX_BATCH
from app.voting.persist import queries as persist_queries
from app.voting.recovery import queries


async def take_in(
    db: Connection, shard: int, entries: Sequence[Entry], epoch: str | None, *, keep_versions: bool
) -> int:
    """Write the entries, in the order of their ids, to PostgreSQL; return how many changed something.

    Events from the same line of changes as PostgreSQL keep their versions. Needs a transaction that
    holds the checkpoint's lock. Safe to repeat.
    """
    await persist_queries.copy_incoming(db, entries)
    await queries.delete_superseded(db)
    await queries.update_old_values(db)
    count = await queries.update_versions(db, keep=keep_versions)
    await persist.write_incoming(db, shard, count, epoch)
    return count


async def set_aside(
    redis: RedisClient, db: Connection, shard: int, epoch: str, *, foreign: bool
) -> tuple[int, EntryId]:
    """Set the events aside that wait in a stream of another epoch, except those that are in PostgreSQL.

    Return how many were new, and the last entry of the stream: after the commit, all may be trimmed.
    """
    count, last = 0, (0, 0)
    while entries := await read_entries(redis, shard, last, MAX_BATCH):
        last = parse_entry_id(entries[-1][0])
        await persist_queries.copy_incoming(db, [entry for entry in entries if is_event(entry)])
        count += await queries.insert_set_aside(db, shard, epoch, foreign=foreign)
    return count, last


async def take_in_set_aside(db: Connection, shard: int, epoch: str | None) -> int:
    """Take in what was set aside, except foreign events; return how many changed something."""
    count = 0
    while entries := await queries.select_set_aside(db, shard, MAX_BATCH):
        count += await take_in(db, shard, entries, epoch, keep_versions=False)
        last = parse_event(entries[-1])
        await queries.update_finished(db, shard, (last.ms, last.seq, last.project_id, last.version))
    return count
