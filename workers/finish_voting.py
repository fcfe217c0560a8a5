"""Every 5 s: once voting has ended, verify its votes and note that the results are final."""

import structlog

from app.operations.finish import finish_voting as finish
from app.operations.finish import may_finish
from app.services import Services

log = structlog.get_logger()


async def finish_voting(services: Services) -> None:
    if report := await finish(services):
        log.info("verified the votes after the end of voting", summary=str(report))


async def nothing_to_finish(services: Services) -> bool:
    return not await may_finish(services)
