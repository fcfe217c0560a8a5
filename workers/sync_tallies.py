"""Every SYNC_INTERVAL: write the live tallies of changed projects to PostgreSQL.

Then record new best places of projects in the lists, and send Redis the closed states that it
missed, and take out the votes of members of teams that could not be taken out when they accepted.
"""

import structlog

from app.projects.places import record_best_places
from app.projects.team.members import withdraw_votes_of_members
from app.services import Services
from app.voting.closing import publish_all_closed

log = structlog.get_logger()


async def sync_tallies(services: Services) -> None:
    if count := await services.sync.run():
        log.info("synced tallies", count=count)
    await record_best_places(services.db)
    if published := await publish_all_closed(services.db, services.functions):
        log.info("published closed states to Redis", count=published)
    if withdrawn := await withdraw_votes_of_members(services):
        log.info("took out votes of members of teams", count=withdrawn)
