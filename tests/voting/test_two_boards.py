"""Two boards on one Redis server, with a database each, do not disturb each other."""

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
