"""Every minute: store the keys of links that an earlier version stored without one."""

import structlog

from app.projects import same_link
from app.services import Services

log = structlog.get_logger()


async def fill_link_keys(services: Services) -> None:
    if count := await same_link.fill_link_keys(services.db):
        log.info("stored keys of links", count=count)
