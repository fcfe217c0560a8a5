"""At the start and every night: create the event log's partitions ahead of time."""

import structlog
from asyncpg import CheckViolationError

from app.services import Services
from app.voting.persist import queries

log = structlog.get_logger()

MONTHS_AHEAD = 2


async def make_partitions(services: Services) -> None:
    """Create partitions for this month and the next ones; a failed month does not stop the others."""
    async with services.db.acquire() as connection:
        for month in range(MONTHS_AHEAD + 1):
            try:
                await queries.make_partition(connection, month)
            except CheckViolationError:  # the default partition has events of that month
                log.error("a partition of vote_events cannot be created", months_ahead=month)
