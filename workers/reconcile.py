"""Every hour: compare events, votes, tallies and Redis, and mend what does not agree."""

import structlog

from app.operations.repair import reconcile as repair
from app.operations.repair.record import note_drift
from app.services import Services

log = structlog.get_logger()


async def reconcile(services: Services) -> None:
    outcome = await repair.reconcile(services)
    await note_drift(services.redis, outcome)
    log.info("reconciled", summary=str(outcome.report), mended=len(outcome.mended))
    for unmended in outcome.unmended:
        log.error("drift remains", project=unmended.finding.project_id, what=str(unmended))
