"""At the start and every night: make the event log's partitions ahead of time."""

from app.services import Services
from app.voting import queries

MONTHS_AHEAD = 2


async def make_partitions(services: Services) -> None:
    async with services.db.acquire() as connection:
        await queries.make_partitions(connection, MONTHS_AHEAD)
