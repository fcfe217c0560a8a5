"""Samples of the last hour, which the worker writes for the charts of /ops."""

import json
import time
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

from app.operations.jobs import SAMPLE_SECONDS
from app.operations.ops.heartbeat import read_heartbeats
from app.operations.ops.state import read_waiting
from app.services import Services
from app.voting import keys

MAX_SAMPLES = 3600 // SAMPLE_SECONDS


@dataclass(frozen=True)
class Sample:
    """One measurement at a time (Unix, s). `votes`, `refused` and `errors` are totals."""

    at: float
    votes: int
    refused: int
    errors: int
    oldest_age: float
    changed: int
    streams: int


@dataclass(frozen=True)
class Series:
    """A chart's name, its unit, and its values, oldest first, about SAMPLE_SECONDS apart."""

    name: str
    unit: str
    values: list[float]


async def make_sample(services: Services) -> Sample:
    """Return a sample of the state of Redis now. Raises one of REDIS_AWAY."""
    votes, waiting = await services.metrics.read(), await read_waiting(services)
    return Sample(
        at=round(time.time(), 3),
        votes=int(votes.get("votes", 0)),
        refused=int(votes.get("refused", 0)),
        errors=int(votes.get("errors", 0)),
        oldest_age=round(waiting.oldest_age, 2),
        changed=waiting.changed,
        streams=sum(process.streams for process in await read_heartbeats(services.redis)),
    )


async def write_sample(redis: Any, sample: Sample) -> None:
    """Add a sample, and remove those that are more than an hour old."""
    await redis.lpush(keys.METRICS_HISTORY, json.dumps(asdict(sample)))
    await redis.ltrim(keys.METRICS_HISTORY, 0, MAX_SAMPLES - 1)


async def read_series(redis: Any) -> list[Series]:
    """Return the series of the last hour, one for each chart."""
    found = [Sample(**json.loads(text)) for text in await redis.lrange(keys.METRICS_HISTORY, 0, -1)]
    samples = sorted((s for s in found if s.at > time.time() - 3600), key=lambda s: s.at)
    return [
        Series("Votes", "per second", _rate(samples, "votes")),
        Series("Refused", "per second", _rate(samples, "refused")),
        Series("Errors", "per second", _rate(samples, "errors")),
        Series("Oldest event", "s", [s.oldest_age for s in samples]),
        Series("Waiting to sync", "projects", [float(s.changed) for s in samples]),
        Series("Open pages", "streams", [float(s.streams) for s in samples]),
    ]


def _rate(samples: list[Sample], name: str) -> list[float]:
    """Return increases per second, or 0 where a counter fell because it started again from 0."""
    return [
        max(getattr(later, name) - getattr(earlier, name), 0) / max(later.at - earlier.at, 0.001)
        for earlier, later in pairwise(samples)
    ]
