"""Reads the state of the whole board for /ops and /metrics; every process reads the same."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from app.errors import VotesUnavailable
from app.operations.ops import queries
from app.operations.ops.heartbeat import Heartbeat, measure, read_heartbeats
from app.services import Services
from app.storage.away import DATABASE_AWAY, REDIS_AWAY
from app.storage.redis_memory import memory_of, share_of
from app.storage.timeouts import STATE_SECONDS, within
from app.voting import keys

SERVER_AWAY = (*DATABASE_AWAY, *REDIS_AWAY, VotesUnavailable)

T = TypeVar("T")


@dataclass(frozen=True)
class Waiting:
    """What waits in Redis: events to be persisted, the oldest for `oldest_age` s (0 if there is none),
    and changed projects to be synced.
    """

    events: int
    oldest_age: float
    changed: int


@dataclass(frozen=True)
class RedisState:
    """The state in Redis. `votes` and `notes` are its hashes `metrics:votes` and `metrics:worker`."""

    votes: dict[str, float]
    notes: dict[str, str]
    events: int  # waiting to be persisted
    oldest_age: float  # of the oldest of them, s; 0 if there is none
    changed: int  # projects waiting for a sync
    memory: int  # bytes
    memory_share: float = 0.0  # of `maxmemory`, in the fullest server; 0 without a limit
    processes: list[Heartbeat] = field(default_factory=list)


@dataclass(frozen=True)
class State:
    """The state of the board. A server that did not answer in time is None."""

    redis: RedisState | None
    database: queries.Database | None
    accepts_votes: bool
    this_process: Heartbeat = field(default_factory=lambda: Heartbeat("web"))

    @property
    def processes(self) -> list[Heartbeat]:
        """All processes; while Redis is away, only the one that answers."""
        return self.redis.processes if self.redis is not None else [self.this_process]

    @property
    def web_processes(self) -> list[Heartbeat]:
        return [process for process in self.processes if process.role == "web"]


async def read_state(services: Services, streams: int = 0) -> State:
    """Return the state now. Raises nothing if a server is away.

    `streams` is how many live streams this process has open.
    """
    redis, database, ping = await asyncio.gather(
        _or_none(partial(_read_redis, services)),
        _or_none(partial(queries.select_database, services.db)),
        _or_none(partial(_takes_votes, services)),
    )
    return State(redis, database, bool(ping), measure(services, "web", streams))


async def _or_none(work: Callable[[], Awaitable[T]]) -> T | None:
    """Return the result, or None if the server is away or takes longer than STATE_SECONDS."""
    try:
        async with within(STATE_SECONDS):
            return await work()
    except SERVER_AWAY:
        return None


async def _takes_votes(services: Services) -> bool:
    await services.functions.ping()
    return True


async def _read_redis(services: Services) -> RedisState:
    redis: Any = services.redis
    waiting, servers = await read_waiting(services), await memory_of(redis)
    notes = await redis.hgetall(keys.METRICS_WORKER)
    return RedisState(
        votes=await services.metrics.read(),
        notes={name.decode(): value.decode() for name, value in notes.items()},
        events=waiting.events,
        oldest_age=waiting.oldest_age,
        changed=waiting.changed,
        memory=sum(int(server["used_memory"]) for server in servers),
        memory_share=max(share_of(server) for server in servers),
        processes=await read_heartbeats(redis),
    )


async def read_waiting(services: Services) -> Waiting:
    """Return what waits in Redis. Raises one of REDIS_AWAY."""
    redis: Any = services.redis
    lengths, ages, changed = [], [0.0], []
    for shard in range(services.settings.vote_shards):
        lengths.append(await redis.xlen(keys.events(shard)))
        changed.append(await redis.hlen(keys.changed(shard)))
        oldest = await redis.xrange(keys.events(shard), count=1) if lengths[-1] else []
        ages += [time.time() - int(entry_id.split(b"-")[0]) / 1000 for entry_id, _ in oldest]
    return Waiting(sum(lengths), max(ages), sum(changed))
