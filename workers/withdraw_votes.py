"""Every 5 s: take the votes of suspended and deleted accounts out of the tallies."""

import structlog

from app.services import Services
from app.voting import withdrawals

log = structlog.get_logger()


async def withdraw_votes(services: Services) -> None:
    if count := await withdrawals.withdraw_votes(services):
        log.info("withdrew votes", count=count)
