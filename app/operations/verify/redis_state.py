"""Reads the tallies, votes and events of projects from Redis."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from app.voting import keys
from app.voting.events import Event, read_events

# One call reads this many entries, which keeps Redis busy for well under a millisecond.
CHUNK = 1_000
# Hashes up to this size are read whole.
SMALL_HASH = 200
# One round trip reads this many projects. Redis answers all of it before it does anything else.
PROJECTS_AT_ONCE = 20


@dataclass(frozen=True)
class CachedProject:
    """A cached project's tally, and its votes as read right after it.

    The tally is exact. The votes may or may not include those cast between the two reads.
    """

    project_id: int
    up: int
    down: int
    version: int
    closed: int
    votes: dict[int, int]


class RedisReader:
    """Reads the keys of cached projects without a lock, while Redis goes on accepting votes."""

    def __init__(self, redis: Any, shards: int) -> None:
        self._redis = redis
        self.shards = shards

    async def projects(self, project_ids: Sequence[int]) -> dict[int, CachedProject]:
        """Return the cached ones among the projects."""
        epochs = await self._epochs()
        found: dict[int, CachedProject] = {}
        for at in range(0, len(project_ids), PROJECTS_AT_ONCE):
            for project in await self._read(project_ids[at : at + PROJECTS_AT_ONCE], epochs):
                found[project.project_id] = project
        return found

    async def versions(self, project_ids: Sequence[int]) -> dict[int, int]:
        """Return the versions of the cached ones among the projects."""
        epochs = await self._epochs()
        tallies = await self._tallies(project_ids, epochs)
        return {project_id: tally[2] for project_id, tally in tallies.items()}

    async def stream_events(self, project_ids: Iterable[int]) -> list[Event]:
        """Return the projects' events in the streams, in order; some may already be persisted."""
        wanted = set(project_ids)
        found: list[Event] = []
        for shard in range(self.shards):
            after = (0, 0)
            while events := await read_events(self._redis, shard, after, CHUNK):
                found += [event for event in events if event.project_id in wanted]
                after = (events[-1].ms, events[-1].seq)
        return found

    async def unmarked(self, project_ids: Sequence[int]) -> set[int]:
        """Return the projects that are not marked for the next sync."""
        pipe = self._redis.pipeline(transaction=False)
        for project_id in project_ids:
            pipe.hexists(keys.changed(self._shard(project_id)), project_id)
        marks = await pipe.execute() if project_ids else []
        return {p for p, marked in zip(project_ids, marks, strict=True) if not marked}

    async def _epochs(self) -> list[bytes | None]:
        return [await self._redis.get(keys.epoch(shard)) for shard in range(self.shards)]

    async def _read(
        self, project_ids: Sequence[int], epochs: Sequence[bytes | None]
    ) -> list[CachedProject]:
        """Read tallies, votes, then tallies again: a project removed in between counts as cold."""
        before = await self._tallies(project_ids, epochs)
        votes = await self._votes(list(before))
        after = await self._tallies(list(before), epochs)
        return [CachedProject(p, *before[p], votes[p]) for p in before if p in after]

    async def _tallies(
        self, project_ids: Sequence[int], epochs: Sequence[bytes | None]
    ) -> dict[int, tuple[int, int, int, int]]:
        """Return upvotes, downvotes, version and closed state of the cached projects."""
        pipe = self._redis.pipeline(transaction=False)
        for p in project_ids:
            pipe.hmget(keys.tally(self._shard(p), p), "up", "down", "version", "closed", "epoch")
        rows = await pipe.execute() if project_ids else []
        return {
            p: (int(up or 0), int(down or 0), int(version or 0), int(closed or 0))
            for p, (up, down, version, closed, epoch) in zip(project_ids, rows, strict=True)
            if epoch is not None and epoch == epochs[self._shard(p)]
        }

    async def _votes(self, project_ids: Sequence[int]) -> dict[int, dict[int, int]]:
        names = {p: keys.votes(self._shard(p), p) for p in project_ids}
        pipe = self._redis.pipeline(transaction=False)
        for name in names.values():
            pipe.hlen(name)
        sizes = dict(zip(names, await pipe.execute() if names else [], strict=True))
        votes = await self._small_votes({p: names[p] for p in names if sizes[p] <= SMALL_HASH})
        for p in names.keys() - votes.keys():
            votes[p] = {
                int(user): int(value)
                async for user, value in self._redis.hscan_iter(names[p], count=CHUNK)
            }
        return votes

    async def _small_votes(self, names: dict[int, str]) -> dict[int, dict[int, int]]:
        pipe = self._redis.pipeline(transaction=False)
        for name in names.values():
            pipe.hgetall(name)
        hashes = await pipe.execute() if names else []
        return {
            p: {int(user): int(value) for user, value in votes.items()}
            for p, votes in zip(names, hashes, strict=True)
        }

    def _shard(self, project_id: int) -> int:
        return keys.shard_of(project_id, self.shards)
