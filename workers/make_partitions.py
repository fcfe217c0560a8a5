"""At the start and every night: make the event log's partitions ahead of time."""

from typing import Any

from app.voting import queries

MONTHS_AHEAD = 2


async def make_partitions(context: dict[str, Any]) -> None:
    async with context["db"].acquire() as connection:
        await queries.make_partitions(connection, MONTHS_AHEAD)
