"""Limits on signing in, registering and submitting. The limits on votes are in votes.lua."""

import time
from collections import deque
from pathlib import Path
from typing import Any, NamedTuple

import structlog
from cachetools import LRUCache
from redis.asyncio import Redis

from app.logs import line_limit
from app.storage.away import REDIS_AWAY
from app.storage.breaker import Breaker

log = structlog.get_logger()

SCRIPT = Path(__file__).with_name("limiter.lua").read_text()
MAX_LOCAL_KEYS = 10_000
BREAKER_KEY = "limits"


class Limit(NamedTuple):
    """A number of attempts (0: no limit) in any window of `window` seconds."""

    attempts: int
    window: int


class Limiter:
    """Counts attempts over all processes, exactly, by the clock of Redis."""

    def __init__(self, redis: Redis) -> None:
        self._redis: Any = redis
        self._local_times: LRUCache[str, deque[float]] = LRUCache(MAX_LOCAL_KEYS)
        self._breaker = Breaker()

    async def attempt(self, key: str, limit: Limit) -> int:
        """Count an attempt; return 0 if it is accepted, else the whole seconds it has to wait.

        While Redis is away this process counts alone, so people can still sign in.
        """
        if not limit.attempts:
            return 0
        if self._breaker.refuses(BREAKER_KEY):
            wait = self._attempt_locally(key, limit)
        else:
            wait = await self._attempt(key, limit)
        return -(-max(int(wait) - 1, 0) // 1000) or int(wait > 0)

    async def _attempt(self, key: str, limit: Limit) -> float:
        try:
            call = ("EVAL", SCRIPT, 1, key, limit.attempts, limit.window * 1000)
            wait = float(await self._redis.execute_command(*call))
        except REDIS_AWAY as error:
            self._breaker.open(BREAKER_KEY)  # a sign-in counts two attempts, but must wait only once
            if line_limit.is_due("limits"):
                log.warning("limits are counted by each process alone", reason=repr(error))
            return self._attempt_locally(key, limit)
        self._breaker.close(BREAKER_KEY)
        return wait

    def _attempt_locally(self, key: str, limit: Limit) -> float:
        now = time.monotonic()
        times = self._local_times.setdefault(key, deque(maxlen=limit.attempts))
        if len(times) == limit.attempts and times[0] + limit.window > now:
            return 1000 * (times[0] + limit.window - now)
        times.append(now)
        return 0.0
