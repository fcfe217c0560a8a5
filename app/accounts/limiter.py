"""Limits on signing in, registering and submitting. The limits on votes are in votes.lua."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
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
# How often (s) an attempt asks whether those that are under way have ended, and how many times: a
# password is checked within that time.
RETRY_AFTER, RETRIES = 0.05, 16
OTHERS_UNDER_WAY = -1


class Limit(NamedTuple):
    """A number of attempts (0: no limit) in any window of `window` seconds."""

    attempts: int
    window: int


class LimitReached(Exception):
    """No attempt is accepted under this key for so many seconds."""

    def __init__(self, key: str, wait: int) -> None:
        super().__init__(f"{key}: {wait} s")
        self.key, self.wait = key, wait


class Attempt:
    """An attempt that is under way. It counts from now on only if `counts` is set before it ends."""

    def __init__(self) -> None:
        self.counts = False
        self.begun: dict[str, float] = {}  # key -> the time that names it; negative: of this process


class Limiter:
    """Counts attempts over all processes, exactly, by the clock of Redis.

    While Redis is away this process counts alone, so people can still sign in.
    """

    def __init__(self, redis: Redis) -> None:
        self._redis: Any = redis
        self._local_times: LRUCache[str, deque[float]] = LRUCache(MAX_LOCAL_KEYS)
        self._breaker = Breaker()
        self._ending: set[asyncio.Task[None]] = set()

    async def attempt(self, key: str, limit: Limit) -> int:
        """Count an attempt; return 0 if it is accepted, else the whole seconds it has to wait."""
        if not limit.attempts:
            return 0
        return _seconds((await self._call("count", key, limit))[0])

    async def look(self, limits: Mapping[str, Limit]) -> None:
        """Raise LimitReached if an attempt under these keys would be refused now; count nothing."""
        for key, limit in limits.items():
            if limit.attempts and (wait := _seconds((await self._call("look", key, limit))[0])):
                raise LimitReached(key, wait)

    @asynccontextmanager
    async def trying(self, limits: Mapping[str, Limit]) -> AsyncIterator[Attempt]:
        """Count an attempt under each key while the block runs, and afterwards only if it `counts`.

        So no more attempts than the limit can fail, however many are made at once, and good ones take
        nothing from others. Raises LimitReached.
        """
        attempt, is_late = Attempt(), False
        try:
            for key, limit in limits.items():
                if limit.attempts:
                    attempt.begun[key] = await self._begin(key, limit)
            yield attempt
        except asyncio.CancelledError:
            is_late = True  # so it does not wait for Redis once more
            raise
        finally:
            ending = asyncio.create_task(self._end_all(attempt, limits))
            self._ending.add(ending)
            ending.add_done_callback(self._ending.discard)
            if not is_late:
                await asyncio.shield(ending)

    async def _end_all(self, attempt: Attempt, limits: Mapping[str, Limit]) -> None:
        act = "fail" if attempt.counts else "take back"
        for key, begun in attempt.begun.items():
            await self._end(act, key, limits[key], begun)

    async def _begin(self, key: str, limit: Limit) -> float:
        for _ in range(RETRIES):
            wait, begun = await self._call("begin", key, limit)
            if wait != OTHERS_UNDER_WAY:
                break
            await asyncio.sleep(RETRY_AFTER)
        if wait:
            raise LimitReached(key, _seconds(wait) or 1)
        return begun

    async def _call(
        self, act: str, key: str, limit: Limit, begun: float | None = None
    ) -> tuple[float, float]:
        if self._breaker.refuses(BREAKER_KEY):
            return self._attempt_locally(act, key, limit)
        try:
            call = ("EVAL", SCRIPT, 1, key, act, limit.attempts, limit.window * 1000, int(begun or 0))
            wait, begun = await self._redis.execute_command(*call)
        except REDIS_AWAY as error:
            self._breaker.open(
                BREAKER_KEY
            )  # a sign-in counts several attempts, but must wait only once
            if line_limit.is_due("limits"):
                log.warning("limits are counted by each process alone", reason=repr(error))
            return self._attempt_locally(act, key, limit)
        self._breaker.close(BREAKER_KEY)
        return wait, begun or 0

    async def _end(self, act: str, key: str, limit: Limit, begun: float) -> None:
        if begun > 0:
            await self._call(act, key, limit, begun)
        elif act == "take back":
            times = self._local_times.get(key, deque())
            if -begun in times:
                times.remove(-begun)

    def _attempt_locally(self, act: str, key: str, limit: Limit) -> tuple[float, float]:
        """Return how long (ms) to wait, and the name of the attempt, as the script does."""
        now = time.monotonic()
        times = self._local_times.setdefault(key, deque(maxlen=limit.attempts))
        if act in ("fail", "take back"):  # Redis, which counts this one, has gone away meanwhile
            return 0.0, 0.0
        if len(times) == limit.attempts and times[0] + limit.window > now:
            return 1000 * (times[0] + limit.window - now), 0.0
        if act != "look":
            times.append(now)
        return 0.0, -now


def _seconds(wait: float) -> int:
    """Return the whole seconds to wait for so many ms; 0 also if others' attempts have to end first."""
    return -(-max(int(wait) - 1, 0) // 1000) or int(wait > 0)
