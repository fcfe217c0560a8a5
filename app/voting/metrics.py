"""Totals of votes over all processes, kept in Redis for /api/votes/metrics."""

import asyncio
import contextlib
import time
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from redis.asyncio import Redis

from app.storage.connections import REDIS_AWAY
from app.storage.timeouts import REDIS_SECONDS, within
from app.voting import keys
from app.voting.votes import Status, VoteResult

# How a refusal is called in figures.
REFUSALS = {
    Status.OVER_PROJECT_LIMIT: "over_project_limit",
    Status.OVER_ACCOUNT_LIMIT: "over_account_limit",
    Status.LOCKED: "locked",
    Status.GONE: "gone",
    Status.NO_DOWNVOTES: "no_downvotes",
    Status.ACCOUNT_TOO_NEW: "too_young",
    Status.OWN_PROJECT: "own_project",
}
# Upper bounds of the latency histogram, s.
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)
FIELDS = [*(f"le:{bound:g}" for bound in BUCKETS), "le:inf"]
# Between two writes (s): under load every second call to Redis would else be for these totals.
PAUSE = 0.02


@dataclass
class Totals:
    """What has come together since the last write to Redis; latencies in ms."""

    votes: int = 0
    refused: int = 0
    errors: int = 0
    latency_ms: float = 0.0
    last_latency_ms: float = 0.0
    others: Counter[str] = field(default_factory=Counter)  # refusals by reason, latencies by bucket


class VoteMetrics:
    """Counts in this process and adds to Redis in the background, one write at a time."""

    def __init__(self, redis: Redis) -> None:
        self._redis: Any = redis
        self._totals = Totals()
        self._writing: asyncio.Task[None] | None = None
        self._flushing = asyncio.Lock()

    def count_results(self, answers: list[VoteResult], arrivals: list[float]) -> None:
        """A batch is back; `arrivals` (s) are when its votes had come in. Cold ones come back later."""
        now, totals = time.perf_counter(), self._totals
        for answer, arrived in zip(answers, arrivals, strict=True):
            if answer.status is Status.COLD:
                continue
            if answer.status is Status.ACCEPTED:
                totals.votes += 1
            else:
                totals.refused += 1
                totals.others[f"refused:{REFUSALS[answer.status]}"] += 1
            totals.others[FIELDS[bisect_left(BUCKETS, now - arrived)]] += 1
            totals.last_latency_ms = 1000 * (now - arrived)
            totals.latency_ms += totals.last_latency_ms
        self._write_soon()

    def count_errors(self, errors: int) -> None:
        """So many votes got no answer from Redis."""
        self._totals.errors += errors
        self._write_soon()

    async def read(self) -> dict[str, float]:
        """The totals of all processes, this one's latest included."""
        await self._flush()
        found = await self._redis.hgetall(keys.METRICS)
        return {name.decode(): float(value) for name, value in found.items()}

    async def close(self) -> None:
        """Write what is left, if Redis takes it, and nothing after that: its client is closed next."""
        if self._writing is not None:
            self._writing.cancel()
            await asyncio.gather(self._writing, return_exceptions=True)
        with contextlib.suppress(*REDIS_AWAY):
            async with within(REDIS_SECONDS):
                await self._flush()

    def _write_soon(self) -> None:
        if self._writing is None:
            self._writing = asyncio.create_task(self._write())

    async def _write(self) -> None:
        try:
            while self._totals != Totals():
                await self._flush()
                await asyncio.sleep(PAUSE)
        except REDIS_AWAY:
            pass  # totals for people to look at; the votes themselves are not at stake
        finally:
            self._writing = None

    async def _flush(self) -> None:
        async with self._flushing:  # whoever reads waits for what is on its way
            totals, self._totals = self._totals, Totals()
            if totals == Totals():
                return
            try:
                await self._add(totals)
            except BaseException:
                self._totals.errors += totals.errors  # an outage's errors are told after it
                raise

    async def _add(self, totals: Totals) -> None:
        async with self._redis.pipeline(transaction=False) as pipe:
            pipe.hincrby(keys.METRICS, "votes", totals.votes)
            pipe.hincrby(keys.METRICS, "refused", totals.refused)
            pipe.hincrby(keys.METRICS, "errors", totals.errors)
            pipe.hincrbyfloat(keys.METRICS, "latency_ms", round(totals.latency_ms, 3))
            pipe.hset(keys.METRICS, "last_latency_ms", round(totals.last_latency_ms, 3))
            for name, count in totals.others.items():
                pipe.hincrby(keys.METRICS, name, count)
            await pipe.execute()
