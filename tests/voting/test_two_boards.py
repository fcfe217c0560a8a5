"""Two boards on one Redis server, or two versions of the functions, do not disturb each other."""

import pytest

from app.services import open_services
from app.storage.migrate import migrate
from app.voting.votes import Vote
from tests.support import Board


async def test_neither_board_makes_the_other_compare_again(batcher, functions, board, second_board):
    """Functions are the server's and not a database's, and so is what they remember."""
    migrate(second_board)
    async with open_services(second_board) as other:
        desks, makers = [batcher, other.batcher], [board, Board(other.db)]
        for desk, maker in zip(desks, makers, strict=True):
            await desk.cast(Vote(await maker.project(), (await maker.user()).id, 1))
        assert await functions.is_compared(0)
        assert await other.functions.is_compared(0)
        await other.functions.compare(0)
        assert await functions.is_compared(0)


@pytest.mark.parametrize("name", ["known", ""])
async def test_neither_version_of_the_functions_makes_the_other_compare_again(
    fresh_board, monkeypatch, name
):
    """Also on a Redis that does not let this user ask for what tells servers apart."""
    project_id = await fresh_board.board.project()
    async with open_services(fresh_board.services.settings) as other:
        versions = fresh_board.services, other
        other.functions._caller._version += "_other"
        for services in versions:
            if not name:
                monkeypatch.setattr(services.redis, "server_of", _nameless)
            user = await fresh_board.board.user()
            await services.batcher.cast(Vote(project_id, user.id, 1))
        for services in versions:
            assert await services.functions.is_compared(0)
            await services.functions.compare(0)
        for services in versions:
            assert await services.functions.is_compared(0)
    assert await fresh_board.epochs() == ["first"]


async def _nameless(_: str) -> str:
    return ""
