"""Events: the changes of votes, as they lie in a shard's stream until they are persisted."""

from typing import NamedTuple

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from app.voting import keys

EntryId = tuple[int, int]  # of a stream: ms, seq
Entry = tuple[bytes, bytes]  # as it stands in a stream: its id, and its vote (see votes.lua)


class Event(NamedTuple):
    """One change of one vote; (project_id, version) is its identity, `ms` Redis' time of it."""

    ms: int
    seq: int
    project_id: int
    user_id: int
    old_value: int
    new_value: int
    version: int


async def read_entries(redis: Redis, shard: int, after: EntryId, most: int) -> list[Entry]:
    """The next entries of a shard's stream behind the entry `after`, oldest first."""
    entries = await redis.xrange(keys.events(shard), min=f"({after[0]}-{after[1]}", max="+", count=most)
    return [(entry_id, fields[b"vote"]) for entry_id, fields in entries]


async def read_events(redis: Redis, shard: int, after: EntryId, most: int) -> list[Event]:
    """The next events of a shard's stream behind the entry `after`, oldest first."""
    return [parse_event(entry) for entry in await read_entries(redis, shard, after, most)]


async def last_entry(redis: Redis, shard: int) -> EntryId:
    """The id (ms, seq) of the last entry that the shard's stream has ever held; (0, 0) without one."""
    try:
        stream = await redis.xinfo_stream(keys.events(shard))
    except ResponseError:  # no such key
        return 0, 0
    return parse_entry_id(stream["last-generated-id"])


async def has_entry(redis: Redis, shard: int, entry: EntryId) -> bool:
    """Whether the entry waits in the shard's stream."""
    text = f"{entry[0]}-{entry[1]}"
    return bool(await redis.xrange(keys.events(shard), min=text, max=text))


async def trim_events(redis: Redis, shard: int, upto: EntryId) -> None:
    """Drop the entries up to and including `upto` (ms, seq): they are in PostgreSQL."""
    await redis.xtrim(keys.events(shard), minid=f"{upto[0]}-{upto[1] + 1}", approximate=False)


def parse_entry_id(text: bytes) -> EntryId:
    ms, _, seq = text.partition(b"-")
    return int(ms), int(seq)


def parse_event(entry: Entry) -> Event:
    project_id, user_id, old_value, new_value, version = map(int, entry[1].split())
    return Event(*parse_entry_id(entry[0]), project_id, user_id, old_value, new_value, version)
