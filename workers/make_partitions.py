"""At the start and every night: make the event log's partitions ahead of time."""

import structlog
from asyncpg import CheckViolationError

from app.services import Services
from app.voting import queries

log = structlog.get_logger()

MONTHS_AHEAD = 2


async def make_partitions(services: Services) -> None:
    """Each month by itself: one that cannot be made keeps no other from being made."""
    async with services.db.acquire() as connection:
        for month in range(MONTHS_AHEAD + 1):
            try:
                await queries.make_partition(connection, month)
            except CheckViolationError:  # events of that month lie in the default partition
                log.error("a partition of vote_events cannot be made", months_ahead=month)
