"""Every 5 s: take the votes of suspended and deleted accounts out of the tallies."""

import structlog

from app.accounts.withdrawals import run_withdrawals
from app.services import Services

log = structlog.get_logger()


async def withdraw_votes(services: Services) -> None:
    if count := await run_withdrawals(services):
        log.info("withdrew votes", count=count)
