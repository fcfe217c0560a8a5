"""Every PERSIST_INTERVAL: move events from the streams into PostgreSQL."""

import structlog

from app.services import Services

log = structlog.get_logger()


async def persist_events(services: Services) -> None:
    if count := await services.persist_events():
        log.info("persisted events", count=count)


async def nothing_to_persist(services: Services) -> bool:
    return not await services.has_events()
