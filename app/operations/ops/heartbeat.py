"""Heartbeats: each process regularly writes its streams, connections and breaker to Redis."""

import asyncio
import contextlib
import json
import os
import socket
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from typing import Any

from app.output import count_dropped_lines
from app.services import Services
from app.storage.away import REDIS_AWAY
from app.storage.redis_memory import ALLOW_WHEN_FULL
from app.voting import keys
from app.web.refusals import count_refusals

INTERVAL_SECONDS = 5.0
# A process whose last heartbeat is older has ended, and its field is removed.
EXPIRY_SECONDS = 20.0
# The time of a heartbeat is that of the server that keeps it, since the clocks of machines differ.
WRITE = f"""{ALLOW_WHEN_FULL}
local text = '{{"at": ' .. redis.call('TIME')[1] .. ', ' .. ARGV[2]
return redis.call('HSET', KEYS[1], ARGV[1], text)
"""
READ = """#!lua flags=no-writes
local found = redis.call('HGETALL', KEYS[1])
table.insert(found, 1, redis.call('TIME')[1])
return found
"""


@dataclass(frozen=True)
class Heartbeat:
    """The state of one web or worker process.

    Its pool has `pool_size` connections to PostgreSQL, of which `pool_idle` are idle, and
    `pool_waiting` callers wait for one. While `breaker_open`, the process sends no votes to Redis;
    `breaker_opened` counts how often the breaker has opened, and `busy` how many searches, sign-ins and
    exports were refused because too many were running, and `dropped_lines` how many lines of its output
    could not be written.
    """

    role: str
    streams: int = 0
    pool_size: int = 0
    pool_idle: int = 0
    pool_waiting: int = 0
    breaker_open: bool = False
    breaker_opened: int = 0
    busy: int = 0
    dropped_lines: int = 0


# During an upgrade, another version runs beside this one and may write more or fewer fields.
FIELDS = {field.name for field in fields(Heartbeat)}


def measure(services: Services, role: str, streams: int = 0) -> Heartbeat:
    """Return the heartbeat of this process. `streams` is how many live streams it has open."""
    pool, breaker = services.db, services.functions.breaker
    return Heartbeat(
        role,
        streams,
        pool.get_size(),
        pool.get_idle_size(),
        pool.waiting,
        breaker.is_open,
        breaker.times_opened,
        count_refusals(),
        count_dropped_lines(),
    )


async def send_heartbeats(
    services: Services,
    role: str,
    count_streams: Callable[[], int] = lambda: 0,
    is_alive: Callable[[], bool] = lambda: True,
) -> None:
    """Write a heartbeat every INTERVAL_SECONDS until cancelled, then remove it. Redis may be away.

    A process for which `is_alive` returns False writes none, so that it counts as ended.
    """
    name = f"{socket.gethostname()}:{os.getpid()}"
    redis: Any = services.redis
    try:
        while True:
            heartbeat = asdict(measure(services, role, count_streams()))
            with contextlib.suppress(*REDIS_AWAY):
                if is_alive():
                    await _write(redis, name, heartbeat)
            await asyncio.sleep(INTERVAL_SECONDS)
    finally:
        with contextlib.suppress(*REDIS_AWAY):
            await redis.hdel(keys.METRICS_PROCESSES, name)


async def _write(redis: Any, name: str, heartbeat: dict[str, Any]) -> None:
    rest = json.dumps(heartbeat).removeprefix("{")
    await redis.execute_command("EVAL", WRITE, 1, keys.METRICS_PROCESSES, name, rest)


async def read_heartbeats(redis: Any) -> list[Heartbeat]:
    """Return the heartbeats of live processes, and remove those of ended ones."""
    now, *found = await redis.execute_command("EVAL", READ, 1, keys.METRICS_PROCESSES)
    alive, ended = [], []
    for name, text in zip(found[::2], found[1::2], strict=True):
        values = json.loads(text)
        if int(now) - values["at"] > EXPIRY_SECONDS:
            ended.append(name)
        else:
            alive.append(Heartbeat(**{field: values[field] for field in FIELDS & values.keys()}))
    if ended:
        await redis.hdel(keys.METRICS_PROCESSES, *ended)
    return alive
