"""An hour of figures, noted by the worker, for the charts of /ops."""

import json
import time
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

from app.operations.ops.state import RedisState
from app.voting import keys

EVERY_SECONDS = 10
KEPT = 3600 // EVERY_SECONDS


@dataclass(frozen=True)
class Moment:
    """Figures of one moment (Unix time, s); the totals are of all time."""

    at: float
    votes: int
    refused: int
    errors: int
    oldest_age: float
    changed: int
    streams: int


@dataclass(frozen=True)
class Series:
    """A chart's name and unit, and its values, oldest first, EVERY_SECONDS apart or so."""

    name: str
    unit: str
    values: list[float]


def moment(redis: RedisState) -> Moment:
    """What is worth keeping of a look."""
    return Moment(
        at=round(time.time(), 3),
        votes=int(redis.votes.get("votes", 0)),
        refused=int(redis.votes.get("refused", 0)),
        errors=int(redis.votes.get("errors", 0)),
        oldest_age=round(redis.oldest_age, 2),
        changed=redis.changed,
        streams=sum(process.streams for process in redis.processes),
    )


async def note(redis: Any, now: Moment) -> None:
    """Keep a moment; those of more than an hour ago go."""
    await redis.lpush(keys.METRICS_HISTORY, json.dumps(asdict(now)))
    await redis.ltrim(keys.METRICS_HISTORY, 0, KEPT - 1)


async def read(redis: Any) -> list[Series]:
    """The charts of the last hour."""
    found = [Moment(**json.loads(text)) for text in await redis.lrange(keys.METRICS_HISTORY, 0, -1)]
    moments = sorted((m for m in found if m.at > time.time() - 3600), key=lambda m: m.at)
    return [
        Series("Votes", "a second", _rate(moments, "votes")),
        Series("Refused", "a second", _rate(moments, "refused")),
        Series("Errors", "a second", _rate(moments, "errors")),
        Series("Oldest event", "s", [m.oldest_age for m in moments]),
        Series("Waiting for a sync", "projects", [float(m.changed) for m in moments]),
        Series("Open pages", "streams", [float(m.streams) for m in moments]),
    ]


def _rate(moments: list[Moment], name: str) -> list[float]:
    """By the second; a counter that fell began anew."""
    return [
        max(getattr(later, name) - getattr(earlier, name), 0) / max(later.at - earlier.at, 0.001)
        for earlier, later in pairwise(moments)
    ]
