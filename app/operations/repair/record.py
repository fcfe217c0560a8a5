"""Records the result of the last reconcile in Redis, for `upvote doctor`."""

import time
from typing import Any

from app.operations.repair.reconcile import Outcome
from app.storage.redis_memory import set_fields
from app.voting import keys


async def record_outcome(redis: Any, outcome: Outcome) -> None:
    """Write `drift:found` and `drift:remaining` (differences) and `drift:at` (Unix time, s).

    The fields are in the hash `metrics:worker`.
    """
    fields = {
        "drift:found": outcome.report.difference_count,
        "drift:remaining": outcome.remaining,
        "drift:at": f"{time.time():.3f}",
    }
    await set_fields(redis, keys.METRICS_WORKER, fields)
