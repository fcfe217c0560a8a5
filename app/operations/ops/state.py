"""One look at the whole board: votes, worker, Redis, PostgreSQL. Any process can take it."""

import asyncio
import time
from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from app.errors import VotesUnavailable
from app.operations.ops import queries
from app.operations.ops.heartbeat import Heartbeat, measure, read_heartbeats
from app.services import Services
from app.storage.connections import DATABASE_AWAY, REDIS_AWAY
from app.storage.timeouts import STATE_SECONDS, within
from app.voting import keys

AWAY = (*DATABASE_AWAY, *REDIS_AWAY, VotesUnavailable)

T = TypeVar("T")


@dataclass(frozen=True)
class RedisState:
    """What Redis knows. `votes` and `notes` are its hashes `metrics:votes` and `metrics:worker`."""

    votes: dict[str, float]
    notes: dict[str, str]
    events: int  # that wait to be persisted
    oldest_age: float  # s, of the oldest of them; 0 when none waits
    changed: int  # projects that wait for a sync
    memory: int  # bytes
    processes: list[Heartbeat] = field(default_factory=list)


@dataclass(frozen=True)
class State:
    """None for a server that did not answer in time."""

    redis: RedisState | None
    database: queries.Database | None
    takes_votes: bool
    here: Heartbeat = field(default_factory=lambda: Heartbeat("web"))

    @property
    def processes(self) -> list[Heartbeat]:
        """All that are known: without Redis, the one that was asked."""
        return self.redis.processes if self.redis is not None else [self.here]

    @property
    def webs(self) -> list[Heartbeat]:
        return [process for process in self.processes if process.role == "web"]


async def read_state(services: Services, streams: int = 0) -> State:
    """Return the state as of now. A server that is away raises nothing.

    `streams` is how many live streams this process has open.
    """
    redis, database, ping = await asyncio.gather(
        _in_time(_redis(services)),
        _in_time(queries.select_database(services.db)),
        _in_time(_takes_votes(services)),
    )
    return State(redis, database, bool(ping), measure(services, "web", streams))


async def _in_time(work: Awaitable[T]) -> T | None:
    try:
        async with within(STATE_SECONDS):
            return await work
    except AWAY:
        return None


async def _takes_votes(services: Services) -> bool:
    await services.functions.ping()
    return True


async def _redis(services: Services) -> RedisState:
    redis: Any = services.redis
    lengths, ages, changed = [], [0.0], []
    for shard in range(services.settings.vote_shards):
        lengths.append(await redis.xlen(keys.events(shard)))
        changed.append(await redis.hlen(keys.changed(shard)))
        for entry_id, _ in await redis.xrange(keys.events(shard), count=1):
            ages.append(time.time() - int(entry_id.split(b"-")[0]) / 1000)
    notes = await redis.hgetall(keys.METRICS_WORKER)
    return RedisState(
        votes=await services.metrics.read(),
        notes={name.decode(): value.decode() for name, value in notes.items()},
        events=sum(lengths),
        oldest_age=max(ages),
        changed=sum(changed),
        memory=await _memory(redis),
        processes=await read_heartbeats(redis),
    )


async def _memory(redis: Any) -> int:
    """Of the server, or of all primaries of a Cluster together."""
    options = {"target_nodes": "primaries"} if await redis.is_cluster() else {}
    info = await redis.execute_command("INFO", "memory", **options)
    servers = [info] if "used_memory" in info else info.values()
    return sum(int(server["used_memory"]) for server in servers)
