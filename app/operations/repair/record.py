"""What the last reconcile came to, kept in Redis for `upvote doctor`."""

import time
from typing import Any

from app.operations.repair.reconcile import Outcome
from app.voting import keys


async def record_drift(redis: Any, outcome: Outcome) -> None:
    """In `metrics:worker`: `drift:found` and `drift:remaining` (differences), `drift:at` (Unix, s)."""
    fields = {
        "drift:found": outcome.report.drift,
        "drift:remaining": outcome.remaining,
        "drift:at": f"{time.time():.3f}",
    }
    await redis.hset(keys.METRICS_WORKER, mapping=fields)
