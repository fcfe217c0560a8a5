"""The stack for the outage tests."""

from collections.abc import AsyncIterator

import pytest

from tests.chaos.busy_stack import BusyStack
from tests.chaos.clients import invite
from tests.chaos.run import connections
from tests.chaos.stack import Stack, running_stack


@pytest.fixture(scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """Yield one stack for all outages of a module, one after another as in production."""
    async with running_stack(tmp_path_factory.mktemp("outages")) as stack:
        yield stack


@pytest.fixture
async def busy_stack(stack: Stack) -> AsyncIterator[BusyStack]:
    """Yield the stack with all processes up and 16 clients that can cast 250 votes a second."""
    for program in stack.programs:
        program.resume()
    await stack.start_servers()
    await stack.start_upvote()
    async with connections(stack.settings) as (db, redis):
        busy_stack = BusyStack(stack, await invite(stack, db, pause=0.1), db, redis)
        await busy_stack.until_it_takes_votes(0)
        yield busy_stack
