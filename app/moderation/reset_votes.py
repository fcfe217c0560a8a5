"""Takes all votes out of all tallies, for `upvote reset votes`."""

from app.accounts.withdrawals import withdraw_all_votes
from app.board.change import change_board
from app.board.queries import insert_board_change
from app.errors import OperatorError, VotesUnavailable
from app.services import open_services
from app.settings import Settings

QUERY_SECONDS = 60.0


async def reset_votes(settings: Settings, name: str) -> int:
    """Withdraw every vote, with an event each; return how many. Safe to repeat.

    Tallies that were revealed are secret again first, so nobody sees the next votes by a mistake.
    Raises OperatorError if the board has another name.
    """
    try:
        async with open_services(
            settings, query_seconds=QUERY_SECONDS, record_shards=False
        ) as services:
            await services.board.refresh()
            if name != services.board.settings.name:
                raise OperatorError(
                    f"This board is called {services.board.settings.name!r}, not {name!r}: "
                    "nothing has changed. Give its name to take out all of its votes"
                )
            if services.board.settings.tallies == "after_reveal":
                await change_board(services.board, None, {"tallies": "after_reveal"})
            count = await withdraw_all_votes(services)
            text = f"{count:,} votes were taken out of all tallies: upvote reset votes."
            async with services.db.acquire() as db:
                await insert_board_change(db, None, text)
            await services.sync.run()
            return count
    except VotesUnavailable as error:
        raise OperatorError(
            f"Redis does not answer ({error}). Start it and run this again: votes may be left"
        ) from None
