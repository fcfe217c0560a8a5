"""A process that hangs, and votes until a Redis accepts or refuses them."""

import contextlib
from collections.abc import AsyncIterator

from app.errors import VotesUnavailable
from app.services import Services
from app.voting.servers.in_use import TwoServers
from tests.voting.time_travel import Ledger
from tests.waiting import until


@contextlib.asynccontextmanager
async def hanging(services: Services) -> AsyncIterator[None]:
    """Let a process report nothing during the block, as if it hung for a minute."""
    servers = services.functions.servers
    await servers.close()
    await services.db.execute("UPDATE redis_uses SET seen_at = seen_at - interval '1 minute'")
    yield
    servers.is_closed = False
    servers._reported.clear()


async def until_taken_over(ledger: Ledger, services: Services, *vote: int) -> None:
    """Vote until the server of this process accepts it."""

    async def accepted() -> bool:
        try:
            await ledger.cast(services, *vote)
        except VotesUnavailable:
            return False
        return True

    await until(accepted, "for a vote on the other Redis")


async def until_told(ledger: Ledger, services: Services, *vote: int) -> None:
    """Vote until the refusal says that two servers are in use; before, the vote may wait too long."""

    async def told() -> bool:
        try:
            await ledger.cast(services, *vote)
        except TwoServers as error:
            return "two Redis servers are in use" in str(error)
        except VotesUnavailable:
            return False
        raise AssertionError("the vote was accepted")

    await until(told, "for a refusal")
