"""Totals of votes over all processes, kept in Redis for /api/votes/metrics."""

import asyncio
import time
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisClusterException, RedisError

from app.voting import keys
from app.voting.votes import Answer, Status


@dataclass
class Totals:
    """What has come together since the last write to Redis; latencies in ms."""

    votes: int = 0
    refused: int = 0
    errors: int = 0
    latency_ms: float = 0.0
    last_latency_ms: float = 0.0


class VoteMetrics:
    """Counts in this process and adds to Redis in the background, one write at a time."""

    def __init__(self, redis: Redis) -> None:
        self._redis: Any = redis
        self._totals = Totals()
        self._writing: asyncio.Task[None] | None = None

    def count_answers(self, answers: list[Answer], arrivals: list[float]) -> None:
        """A batch is back; `arrivals` (s) are when its votes had come in. Cold ones come back later."""
        now, totals = time.perf_counter(), self._totals
        for answer, arrived in zip(answers, arrivals, strict=True):
            if answer.status is Status.COLD:
                continue
            if answer.status is Status.ACCEPTED:
                totals.votes += 1
            else:
                totals.refused += 1
            totals.last_latency_ms = 1000 * (now - arrived)
            totals.latency_ms += totals.last_latency_ms
        self._write_soon()

    def count_errors(self, errors: int) -> None:
        """So many votes got no answer from Redis."""
        self._totals.errors += errors
        self._write_soon()

    async def read(self) -> dict[str, float]:
        """The totals of all processes, this one's latest included."""
        if self._writing is not None:
            await self._writing
        found = await self._redis.hgetall(keys.METRICS)
        return {name.decode(): float(value) for name, value in found.items()}

    def _write_soon(self) -> None:
        if self._writing is None:
            self._writing = asyncio.create_task(self._write())

    async def _write(self) -> None:
        try:
            while self._totals != Totals():
                totals, self._totals = self._totals, Totals()
                await self._add(totals)
        except (RedisError, RedisClusterException, OSError):
            pass  # totals for people to look at; the votes themselves are not at stake
        finally:
            self._writing = None

    async def _add(self, totals: Totals) -> None:
        async with self._redis.pipeline(transaction=False) as pipe:
            pipe.hincrby(keys.METRICS, "votes", totals.votes)
            pipe.hincrby(keys.METRICS, "refused", totals.refused)
            pipe.hincrby(keys.METRICS, "errors", totals.errors)
            pipe.hincrbyfloat(keys.METRICS, "latency_ms", round(totals.latency_ms, 3))
            pipe.hset(keys.METRICS, "last_latency_ms", round(totals.last_latency_ms, 3))
            await pipe.execute()
