"""Totals of votes over all processes, kept in Redis for /api/votes/metrics."""

import asyncio
import contextlib
import time
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from redis.asyncio import Redis

from app.storage.away import REDIS_AWAY
from app.storage.redis_memory import ALLOW_WHEN_FULL
from app.storage.timeouts import REDIS_SECONDS, within
from app.voting import keys
from app.voting.votes import Status, VoteResult

# The names of refusals in the metrics.
REFUSAL_NAMES = {
    Status.OVER_PROJECT_LIMIT: "over_project_limit",
    Status.OVER_ACCOUNT_LIMIT: "over_account_limit",
    Status.LOCKED: "locked",
    Status.GONE: "gone",
    Status.NO_DOWNVOTES: "no_downvotes",
    Status.ACCOUNT_TOO_NEW: "too_young",
    Status.OWN_PROJECT: "own_project",
    Status.NOT_BEGUN: "not_begun",
    Status.ENDED: "ended",
    Status.OVER_BUDGET: "over_budget",
}
# Upper bounds (s) of the latency histogram's buckets.
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)
FIELDS = [*(f"le:{bound:g}" for bound in BUCKETS), "le:inf"]
# Between two writes: without a pause, under load every second call to Redis would write totals.
PAUSE_SECONDS = 0.02
# Takes the last latency, then names and what is added to each. A full Redis counts refused votes too.
ADD = f"""{ALLOW_WHEN_FULL}
redis.call('HSET', KEYS[1], 'last_latency_ms', ARGV[1])
for n = 2, #ARGV, 2 do redis.call('HINCRBYFLOAT', KEYS[1], ARGV[n], ARGV[n + 1]) end
"""


@dataclass
class Totals:
    """The counts since the last write to Redis; latencies in ms."""

    votes: int = 0
    refused: int = 0
    errors: int = 0
    latency_ms: float = 0.0
    last_latency_ms: float = 0.0
    counters: Counter[str] = field(default_factory=Counter)  # refusals by reason, latencies by bucket


class VoteMetrics:
    """Counts this process' votes and adds them to Redis in the background, one write at a time."""

    def __init__(self, redis: Redis) -> None:
        self._redis: Any = redis
        self._totals = Totals()
        self._writing: asyncio.Task[None] | None = None
        self._flushing = asyncio.Lock()

    def count_results(self, results: list[VoteResult], arrivals: list[float]) -> None:
        """Count a batch's results; `arrivals` are the times (monotonic, s) at which its votes came in.

        Votes on cold projects are not counted yet, because they are cast again.
        """
        now, totals = time.monotonic(), self._totals
        for result, arrived in zip(results, arrivals, strict=True):
            if result.status in (Status.COLD, Status.NOT_COUNTED):
                continue
            if result.status is Status.ACCEPTED:
                totals.votes += 1
            else:
                totals.refused += 1
                totals.counters[f"refused:{REFUSAL_NAMES[result.status]}"] += 1
            totals.counters[FIELDS[bisect_left(BUCKETS, now - arrived)]] += 1
            totals.last_latency_ms = 1000 * (now - arrived)
            totals.latency_ms += totals.last_latency_ms
        self._write_soon()

    def count_errors(self, errors: int) -> None:
        """Count votes that got no result from Redis."""
        self._totals.errors += errors
        self._write_soon()

    async def read(self) -> dict[str, float]:
        """Return the totals of all processes, including the votes that this one has just counted."""
        await self._flush()
        found = await self._redis.hgetall(keys.METRICS)
        return {name.decode(): float(value) for name, value in found.items()}

    async def close(self) -> None:
        """Write the last counts, if Redis answers, and stop writing, as its client is closed next."""
        with contextlib.suppress(*REDIS_AWAY):
            async with within(REDIS_SECONDS):
                await self._flush()  # after a write that is under way
        if self._writing is not None:
            self._writing.cancel()
            await asyncio.gather(self._writing, return_exceptions=True)

    def _write_soon(self) -> None:
        if self._writing is None:
            self._writing = asyncio.create_task(self._write())

    async def _write(self) -> None:
        try:
            while self._totals != Totals():
                await self._flush()
                await asyncio.sleep(PAUSE_SECONDS)
        except REDIS_AWAY:
            pass  # the totals are only shown to people; no vote depends on them
        finally:
            self._writing = None

    async def _flush(self) -> None:
        async with self._flushing:  # a read waits until a running write is done
            totals, self._totals = self._totals, Totals()
            if totals == Totals():
                return
            try:
                await self._add(totals)
            except BaseException:
                self._totals.errors += totals.errors  # written when Redis is back
                raise

    async def _add(self, totals: Totals) -> None:
        added = {
            "votes": totals.votes,
            "refused": totals.refused,
            "errors": totals.errors,
            "latency_ms": round(totals.latency_ms, 3),
            **totals.counters,
        }
        pairs = [part for pair in added.items() for part in pair]
        last = round(totals.last_latency_ms, 3)
        await self._redis.execute_command("EVAL", ADD, 1, keys.METRICS, last, *pairs)
