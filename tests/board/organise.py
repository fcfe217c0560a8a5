"""Changes of the board's settings in tests, taken back afterwards, since tests share the board."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from quart import Quart

from app.board.change import change_board
from app.board.settings import KEYS, BoardSettings

Organise = Callable[..., Awaitable[BoardSettings]]


@pytest.fixture
async def organise(app: Quart, free_app: Quart) -> AsyncIterator[Organise]:
    """Return a function that sets keys; all apps obey when it returns."""
    boards = [each.extensions["upvote"].board for each in (app, free_app)]

    async def change(**texts: str) -> BoardSettings:
        after = await change_board(boards[0], None, texts)
        for board in boards:
            await board.refresh()
        return after

    yield change
    await change(**dict.fromkeys(KEYS, ""))
