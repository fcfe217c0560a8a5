"""Events: the changes of votes, which stay in a shard's stream until they are persisted."""

from typing import NamedTuple

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from app.voting import keys

EntryId = tuple[int, int]  # the id of a stream entry: ms, seq
Entry = tuple[bytes, bytes]  # an entry of the stream: its id, and its field `vote` (see votes.lua)


class Event(NamedTuple):
    """One change of one vote. (project_id, version) identifies it; `ms` is its time in Redis."""

    ms: int
    seq: int
    project_id: int
    user_id: int
    old_value: int
    new_value: int
    version: int


async def read_entries(redis: Redis, shard: int, after: EntryId, limit: int) -> list[Entry]:
    """Return up to `limit` entries of a shard's stream that follow `after`, oldest first."""
    entries = await redis.xrange(
        keys.events(shard), min=f"({after[0]}-{after[1]}", max="+", count=limit
    )
    return [(entry_id, fields.get(b"vote", b"")) for entry_id, fields in entries]


async def read_events(redis: Redis, shard: int, after: EntryId, limit: int) -> list[Event]:
    """Return up to `limit` events of a shard's stream that follow the entry `after`, oldest first."""
    return [parse_event(entry) for entry in await read_entries(redis, shard, after, limit)]


async def last_entry(redis: Redis, shard: int) -> EntryId:
    """Return the id of the last entry that the shard's stream has ever held, or (0, 0)."""
    try:
        stream = await redis.xinfo_stream(keys.events(shard))
    except ResponseError:  # no such key
        return 0, 0
    return parse_entry_id(stream["last-generated-id"])


async def has_events(redis: Redis, shard: int) -> bool:
    """Return whether the shard's stream holds any entry."""
    return bool(await redis.xlen(keys.events(shard)))


async def has_entry(redis: Redis, shard: int, entry: EntryId) -> bool:
    """Return whether the entry is in the shard's stream."""
    text = format_entry_id(entry)
    return bool(await redis.xrange(keys.events(shard), min=text, max=text))


async def trim_events(redis: Redis, shard: int, upto: EntryId) -> None:
    """Delete the entries up to and including `upto`, which must be in PostgreSQL."""
    await redis.xtrim(keys.events(shard), minid=f"{upto[0]}-{upto[1] + 1}", approximate=False)


def format_entry_id(entry: EntryId) -> str:
    return f"{entry[0]}-{entry[1]}"


def parse_entry_id(text: bytes) -> EntryId:
    ms, _, seq = text.partition(b"-")
    return int(ms), int(seq)


def is_event(entry: Entry) -> bool:
    """Return whether the entry can be parsed; the stream of another board may hold anything."""
    try:
        parse_event(entry)
    except (ValueError, TypeError):
        return False
    return True


def parse_event(entry: Entry) -> Event:
    project_id, user_id, old_value, new_value, version = map(int, entry[1].split())
    return Event(*parse_entry_id(entry[0]), project_id, user_id, old_value, new_value, version)
