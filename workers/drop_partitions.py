"""Every night: drop the months of the event log that are older than EVENTS_RETENTION."""

import structlog

from app.operations.retention.drop import drop_old_partitions
from app.services import Services

log = structlog.get_logger()


async def drop_partitions(services: Services) -> None:
    if dropped := await drop_old_partitions(services):
        log.info("dropped old events", partitions=dropped)
