"""Every minute: look for bursts of new accounts that voted on one project alone, for /admin/odd."""

import structlog

from app.moderation import odd
from app.services import Services

log = structlog.get_logger()


async def find_odd_votes(services: Services) -> None:
    if count := await odd.find_odd_votes(services):
        log.info("found votes that look odd", count=count)
