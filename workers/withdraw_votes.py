"""Every 5 s: take the votes of suspended and deleted accounts out of the tallies."""

import structlog

from app.accounts.withdrawals import has_withdrawals, run_withdrawals
from app.services import Services

log = structlog.get_logger()


async def withdraw_votes(services: Services) -> None:
    if count := await run_withdrawals(services):
        log.info("withdrew votes", count=count)


async def nothing_to_withdraw(services: Services) -> bool:
    return not await has_withdrawals(services)
