"""Heartbeats: each process writes to Redis that it is alive, with its streams, connections and breaker."""

import asyncio
import contextlib
import json
import os
import socket
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from typing import Any

from app.services import Services
from app.storage.connections import REDIS_AWAY
from app.voting import keys

EVERY_SECONDS = 5.0
# A process whose last heartbeat is older than this has ended, and its field is removed.
GONE_SECONDS = 20.0


@dataclass(frozen=True)
class Heartbeat:
    """A process of web or worker.

    Its pool has `pool_size` connections to PostgreSQL, of which `pool_idle` are idle, and `pool_waiting`
    callers wait for one. `breaker_open`: it sends no votes to Redis just now; `breaker_opened`: how often
    that began.
    """

    role: str
    streams: int = 0
    pool_size: int = 0
    pool_idle: int = 0
    pool_waiting: int = 0
    breaker_open: bool = False
    breaker_opened: int = 0


# During an upgrade another version runs beside this one and may write more or fewer fields.
KNOWN = {field.name for field in fields(Heartbeat)}


def measure(services: Services, role: str, streams: int = 0) -> Heartbeat:
    """Return the heartbeat of this process as of now."""
    pool, breaker = services.db, services.functions.breaker
    return Heartbeat(
        role,
        streams,
        pool.get_size(),
        pool.get_idle_size(),
        pool.waiting,
        breaker.is_open,
        breaker.times_opened,
    )


async def send_heartbeats(
    services: Services, role: str, count_streams: Callable[[], int] = lambda: 0
) -> None:
    """Write a heartbeat every EVERY_SECONDS until cancelled, then remove it. Redis may be away."""
    name = f"{socket.gethostname()}:{os.getpid()}"
    redis: Any = services.redis
    try:
        while True:
            heartbeat = asdict(measure(services, role, count_streams()))
            with contextlib.suppress(*REDIS_AWAY):
                note = json.dumps({"at": time.time(), **heartbeat})
                await redis.hset(keys.METRICS_PROCESSES, name, note)
            await asyncio.sleep(EVERY_SECONDS)
    finally:
        with contextlib.suppress(*REDIS_AWAY):
            await redis.hdel(keys.METRICS_PROCESSES, name)


async def read_heartbeats(redis: Any) -> list[Heartbeat]:
    """Return the heartbeats of the processes that are alive; remove those of the others."""
    found, gone = [], []
    for name, note in (await redis.hgetall(keys.METRICS_PROCESSES)).items():
        values = json.loads(note)
        if time.time() - values["at"] > GONE_SECONDS:
            gone.append(name)
        else:
            found.append(Heartbeat(**{field: values[field] for field in KNOWN & values.keys()}))
    if gone:
        await redis.hdel(keys.METRICS_PROCESSES, *gone)
    return found
