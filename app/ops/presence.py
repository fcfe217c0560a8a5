"""Each web process says in Redis that it is there, and how many live streams it holds open."""

import asyncio
import contextlib
import os
import socket
import time
from typing import Any, NamedTuple

from redis.exceptions import RedisClusterException, RedisError

from app.services import Services
from app.voting import keys

EVERY_SECONDS = 5.0
# One that has not been heard of for this long has ended; its field is removed.
GONE_SECONDS = 20.0


class Presence(NamedTuple):
    """A web process: host and process id, and its open live streams."""

    name: str
    streams: int


async def announce(services: Services) -> None:
    """Say it again and again, until cancelled; with Redis away, later."""
    name = f"{socket.gethostname()}:{os.getpid()}"
    redis: Any = services.redis
    while True:
        with contextlib.suppress(RedisError, RedisClusterException, OSError):
            note = f"{time.time():.0f} {services.hub.open}"
            await redis.hset(keys.METRICS_WEBS, name, note)
        await asyncio.sleep(EVERY_SECONDS)


async def read_presences(redis: Any) -> list[Presence]:
    """The web processes that are there, by name."""
    found, gone = [], []
    for name, note in (await redis.hgetall(keys.METRICS_WEBS)).items():
        at, streams = map(int, note.split())
        if time.time() - at > GONE_SECONDS:
            gone.append(name)
        else:
            found.append(Presence(name.decode(), streams))
    if gone:
        await redis.hdel(keys.METRICS_WEBS, *gone)
    return sorted(found)
