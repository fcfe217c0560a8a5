"""Each process says in Redis that it is there, and how it is: streams, connections, breaker."""

import asyncio
import contextlib
import json
import os
import socket
import time
from dataclasses import asdict, dataclass, fields
from typing import Any

from redis.exceptions import RedisClusterException, RedisError

from app.services import Services
from app.voting import keys

EVERY_SECONDS = 5.0
# One that has not been heard of for this long has ended; its field is removed.
GONE_SECONDS = 20.0
AWAY = (RedisError, RedisClusterException, OSError)


@dataclass(frozen=True)
class Presence:
    """A process of web or worker.

    Of its pool: the connections to PostgreSQL that there are, those that are idle, and how many wait
    for one. Of its breaker: whether it asks Redis for no votes just now, and how often it began to.
    """

    role: str
    streams: int = 0
    pool_size: int = 0
    pool_idle: int = 0
    pool_waiting: int = 0
    breaker_open: bool = False
    breaker_opened: int = 0


# Another version, beside which this one runs for a while, may tell more or less.
KNOWN = {field.name for field in fields(Presence)}


def presence_of(services: Services, role: str) -> Presence:
    """This process, as of now."""
    pool, breaker = services.db, services.functions.breaker
    return Presence(
        role,
        services.hub.open,
        pool.get_size(),
        pool.get_idle_size(),
        pool.waiting,
        breaker.is_open,
        breaker.opened,
    )


async def announce(services: Services, role: str) -> None:
    """Say it again and again, until cancelled, and then take it back; with Redis away, later."""
    name = f"{socket.gethostname()}:{os.getpid()}"
    redis: Any = services.redis
    try:
        while True:
            note = json.dumps({"at": time.time(), **asdict(presence_of(services, role))})
            with contextlib.suppress(*AWAY):
                await redis.hset(keys.METRICS_PROCESSES, name, note)
            await asyncio.sleep(EVERY_SECONDS)
    finally:
        with contextlib.suppress(*AWAY):
            await redis.hdel(keys.METRICS_PROCESSES, name)


async def read_presences(redis: Any) -> list[Presence]:
    """The processes that are there."""
    found, gone = [], []
    for name, note in (await redis.hgetall(keys.METRICS_PROCESSES)).items():
        told = json.loads(note)
        if time.time() - told["at"] > GONE_SECONDS:
            gone.append(name)
        else:
            found.append(Presence(**{field: told[field] for field in KNOWN & told.keys()}))
    if gone:
        await redis.hdel(keys.METRICS_PROCESSES, *gone)
    return found
