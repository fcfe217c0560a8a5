"""Every SYNC_INTERVAL: write the live tallies of changed projects to PostgreSQL.

Then record new best places of projects in the lists, and send Redis the closed states that it
missed, and take out the votes of members of teams that could not be taken out when they accepted.
"""

from functools import partial

import structlog

from app.projects.places import record_best_places
from app.projects.team.members import withdraw_votes_of_members
from app.services import Services
from app.storage.despite_failures import do_all
from app.voting.closing import publish_all_closed

log = structlog.get_logger()


async def sync_tallies(services: Services) -> None:
    """Where one of these fails, the others are done before its error is raised."""
    steps = (_sync, _record_best_places, _publish, _withdraw)
    await do_all([partial(step, services) for step in steps])


async def _sync(services: Services) -> None:
    if count := await services.sync.run():
        log.info("synced tallies", count=count)


async def _record_best_places(services: Services) -> None:
    await record_best_places(services.db)


async def _publish(services: Services) -> None:
    if published := await publish_all_closed(services.db, services.functions):
        log.info("published closed states to Redis", count=published)


async def _withdraw(services: Services) -> None:
    if withdrawn := await withdraw_votes_of_members(services):
        log.info("took out votes of members of teams", count=withdrawn)
