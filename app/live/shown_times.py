"""The times of voting as open pages show them: in the board's time zone, and in words."""

from datetime import datetime

from app.board.board import Board
from app.board.voting_times import voting_times
from app.web.formatting import long_time


def shown_times(board: Board) -> dict[str, datetime | bool | str | None]:
    """Return voting_times with each time in the words that a new page has for it (_countdown.html)."""
    settings = board.settings
    begin, end = settings.vote_from, settings.vote_until
    return voting_times(board) | {
        "from": begin and begin.astimezone(settings.zone),
        "until": end and end.astimezone(settings.zone),
        "begins": begin and long_time(begin, settings.zone),
        "ends": end and long_time(end, settings.zone),
    }
