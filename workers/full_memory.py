"""Frees memory while Redis is nearly full, beside arq, which cannot write to a full Redis."""

import asyncio
import contextlib
import time
from typing import Any

import structlog

from app.logs import LineLimit
from app.services import Services
from app.storage.away import REDIS_AWAY
from app.storage.redis_memory import share_used
from app.voting.cooling import FULL_SHARE
from workers.cool_projects import cool_projects
from workers.persist_events import persist_events
from workers.schedule import resilient
from workers.sync_tallies import sync_tallies

log = structlog.get_logger()

CHECK_SECONDS = 2.0
# A Redis of which less than SAFE_SHARE is used is looked at only so often.
SAFE_SHARE, SAFE_SECONDS = 0.5, 5.0
# Where the projects in use need more than there is, each run looks at all of them in vain. It is
# repeated after so many times its duration, so that it takes a tenth of the worker's time.
REST = 9

# In this order: a project can leave Redis once its events and its tally are in PostgreSQL.
JOBS = (persist_events, sync_tallies, cool_projects)


async def free_memory_when_full(services: Services) -> None:
    """Look at the memory of Redis every few seconds, for ever. Redis may be away."""
    context: dict[str, Any] = {"services": services, "busy": set(), "line_limit": LineLimit()}
    limit: LineLimit = context["line_limit"]
    pause = CHECK_SECONDS
    while True:
        await asyncio.sleep(pause)
        pause = CHECK_SECONDS
        with contextlib.suppress(*REDIS_AWAY):
            share = await share_used(services.redis)
            if share < FULL_SHARE:
                if share < SAFE_SHARE:
                    pause = SAFE_SECONDS
                if limit.forget("full"):
                    log.info("Redis has memory again", used=f"{share:.0%}")
                continue
            if limit.is_due("full"):
                log.warning(
                    "Redis' memory is nearly full, and votes get 503 when it is: projects without "
                    "recent votes are removed from it. Raise maxmemory if this line comes again",
                    used=f"{share:.0%}",
                )
            started = time.monotonic()
            for job in JOBS:
                await resilient(job)(context)
            pause = max(CHECK_SECONDS, REST * (time.monotonic() - started))
