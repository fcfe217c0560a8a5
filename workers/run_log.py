"""Records the runs of the worker's jobs in Redis, for `upvote doctor` and for monitoring.

The hash `metrics:worker` has for each job: `JOB:started_at` and `JOB:ended_at` (Unix time, s),
`JOB:seconds` (duration) and `JOB:error` (empty after a successful run). A job whose start is later than
its end is running, or its worker was killed. `worker:started_at` is the last start of a worker.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from app.storage.away import REDIS_AWAY
from app.storage.redis_memory import set_fields
from app.voting import keys

MAX_ERROR_LENGTH = 200  # characters
LONG_SECONDS = 0.5  # of a run whose start is recorded before its end


@asynccontextmanager
async def record_run(redis: Any, job: str) -> AsyncIterator[None]:
    """Record the run of a job, and its error, which is raised again. Without Redis, record nothing."""
    started_at = time.time()
    start = {f"{job}:started_at": f"{started_at:.3f}"}
    starting = asyncio.create_task(_write_later(redis, start))
    error = ""
    try:
        yield
    except Exception as failure:
        error = repr(failure)[:MAX_ERROR_LENGTH]
        raise
    finally:
        starting.cancel()
        ended_at = time.time()
        seconds = ended_at - started_at
        await _write(
            redis,
            {
                **start,
                f"{job}:ended_at": f"{ended_at:.3f}",
                f"{job}:seconds": f"{seconds:.4f}",
                f"{job}:error": error,
            },
        )


async def record_start(redis: Any) -> None:
    """Record that a worker starts, so that `upvote doctor` gives its jobs time for a first run."""
    await _write(redis, {"worker:started_at": f"{time.time():.3f}"})


async def record_looks(redis: Any, jobs: Iterable[str]) -> None:
    """Record that jobs would find nothing to do, as runs that ended at once.

    The error of the last run stays: another worker's may have failed.
    """
    now = f"{time.time():.3f}"
    await _write(redis, {f"{job}:{field}": now for job in jobs for field in ("started_at", "ended_at")})


async def _write_later(redis: Any, fields: Mapping[str, str]) -> None:
    """Write after LONG_SECONDS, unless cancelled: most runs end before, and need only one write."""
    await asyncio.sleep(LONG_SECONDS)
    await _write(redis, fields)


async def _write(redis: Any, fields: Mapping[str, str]) -> None:
    with contextlib.suppress(*REDIS_AWAY):
        await set_fields(redis, keys.METRICS_WORKER, fields)
