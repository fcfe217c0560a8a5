"""The stack of the outage tests."""

from collections.abc import AsyncIterator

import pytest

from tests.chaos.clients import invite
from tests.chaos.house import House
from tests.chaos.run import connections
from tests.chaos.stack import Stack, running_stack


@pytest.fixture(scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """One for all outages of a module: in life, too, they come one after the other."""
    async with running_stack(tmp_path_factory.mktemp("outages")) as stack:
        yield stack


@pytest.fixture
async def house(stack: Stack) -> AsyncIterator[House]:
    """The stack with everything up, and 16 clients that make 250 votes a second when they vote."""
    for program in stack.programs:
        program.resume()
    await stack.start_servers()
    await stack.start_upvote()
    async with connections(stack.settings) as (db, redis):
        house = House(stack, await invite(stack, db, pause=0.1), db, redis)
        await house.until_it_takes_votes(0)
        yield house
