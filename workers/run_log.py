"""What the worker notes about its runs in Redis, for `upvote doctor` and whoever watches the board.

The hash `metrics:worker` has for each job: `JOB:started_at` and `JOB:ended_at` (Unix time, s),
`JOB:seconds` (how long it took) and `JOB:error` (empty when it went well). A job that was started
after it ended is running, or its worker was killed.
"""

import contextlib
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from app.storage.connections import REDIS_AWAY
from app.voting import keys

LONGEST_ERROR = 200


@asynccontextmanager
async def noted(redis: Any, job: str) -> AsyncIterator[None]:
    """Note the run of a job; an error is noted and goes on. With Redis away there is no note."""
    started_at = time.time()
    await _write(redis, {f"{job}:started_at": f"{started_at:.3f}"})
    error = ""
    try:
        yield
    except Exception as failure:
        error = repr(failure)[:LONGEST_ERROR]
        raise
    finally:
        ended_at = time.time()
        seconds = ended_at - started_at
        await _write(
            redis,
            {
                f"{job}:ended_at": f"{ended_at:.3f}",
                f"{job}:seconds": f"{seconds:.4f}",
                f"{job}:error": error,
            },
        )


async def _write(redis: Any, fields: Mapping[str, str]) -> None:
    with contextlib.suppress(*REDIS_AWAY):
        await redis.hset(keys.METRICS_WORKER, mapping=fields)
