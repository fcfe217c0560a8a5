"""Limits on what is not a vote: signing in, registering, submitting. Votes have theirs in votes.lua."""

import time
from collections import deque
from pathlib import Path
from typing import Any, NamedTuple

import structlog
from redis.asyncio import Redis

from app.storage.breaker import Breaker
from app.storage.connections import REDIS_AWAY

log = structlog.get_logger()

SCRIPT = Path(__file__).with_name("limiter.lua").read_text()
MOST_REMEMBERED = 10_000
LIMITS = "limits"  # what the breaker calls them


class Limit(NamedTuple):
    """So many attempts in any window of so many seconds; 0 attempts: no limit."""

    most: int
    window: int


class Limiter:
    """Counts attempts over all processes, exactly, by the clock of Redis."""

    def __init__(self, redis: Redis) -> None:
        self._redis: Any = redis
        self._own: dict[str, deque[float]] = {}
        self._breaker = Breaker()

    async def attempt(self, key: str, limit: Limit) -> int:
        """Count an attempt; 0 when it is accepted, else the whole seconds it has to wait.

        While Redis is away this process counts by itself: nobody is kept out because of that.
        """
        if not limit.most:
            return 0
        if self._breaker.refuses(LIMITS):
            wait = self._attempt_alone(key, limit)
        else:
            wait = await self._attempt(key, limit)
        return -(-max(int(wait) - 1, 0) // 1000) or int(wait > 0)

    async def _attempt(self, key: str, limit: Limit) -> float:
        try:
            call = ("EVAL", SCRIPT, 1, key, limit.most, limit.window * 1000)
            return float(await self._redis.execute_command(*call))
        except REDIS_AWAY as error:
            self._breaker.open(LIMITS)  # a sign-in counts twice: it must not wait twice
            log.warning("limits are counted by each process alone", reason=repr(error))
            return self._attempt_alone(key, limit)

    def _attempt_alone(self, key: str, limit: Limit) -> float:
        now = time.monotonic()
        if len(self._own) >= MOST_REMEMBERED:
            self._own.clear()
        times = self._own.setdefault(key, deque(maxlen=limit.most))
        if len(times) == limit.most and times[0] + limit.window > now:
            return 1000 * (times[0] + limit.window - now)
        times.append(now)
        return 0.0
