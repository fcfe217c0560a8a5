"""Every hour: compare events, votes, tallies and Redis, and repair the differences."""

import structlog

from app.operations.repair import reconcile as repair
from app.operations.repair.record import record_outcome
from app.services import Services

log = structlog.get_logger()


async def reconcile(services: Services) -> None:
    outcome = await repair.reconcile(services)
    await record_outcome(services.redis, outcome)
    log.info("reconciled", summary=str(outcome.report), repaired=len(outcome.repaired))
    for unrepaired in outcome.unrepaired:
        log.error(
            "a difference remains", project=unrepaired.finding.project_id, difference=str(unrepaired)
        )
