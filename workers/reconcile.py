"""Every hour: compare events, votes, tallies and Redis, and mend what does not agree."""

import structlog

from app.operations.repair import reconcile as repair
from app.operations.repair.record import record_drift
from app.services import Services

log = structlog.get_logger()


async def reconcile(services: Services) -> None:
    outcome = await repair.reconcile(services)
    await record_drift(services.redis, outcome)
    log.info("reconciled", summary=str(outcome.report), repaired=len(outcome.repaired))
    for unrepaired in outcome.unrepaired:
        log.error("drift remains", project=unrepaired.finding.project_id, what=str(unrepaired))
