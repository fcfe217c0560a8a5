"""The project that the tests of verify and repair tamper with."""

from collections.abc import AsyncIterator

import pytest

from tests.operations.verify.own_board import OwnBoard


@pytest.fixture
async def project(own_board: OwnBoard) -> AsyncIterator[tuple[int, list[int]]]:
    """Make (project, users) with 3 upvotes, 1 downvote and 1 vote taken back; delete it afterwards."""
    project_id, users = await own_board.voted(1, 1, 1, -1, 1)
    await own_board.cast(project_id, users[4], 0)
    await own_board.settle()
    yield project_id, users
    await own_board.remove(project_id)
