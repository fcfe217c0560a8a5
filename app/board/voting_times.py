"""When the board accepts votes, and which: as the live stream and the API say it."""

from datetime import datetime

from app.board.board import Board


def voting_times(board: Board) -> dict[str, datetime | bool | None]:
    """Return the beginning and the end of voting, and whether people may vote down.

    `now` is the clock by which votes are accepted, and None on a board without times: there an answer
    that does not change can be kept by its reader.
    """
    settings = board.settings
    begin, end = settings.vote_from, settings.vote_until
    now = board.now() if begin or end else None
    return {"now": now, "from": begin, "until": end, "downvotes": settings.downvotes}
