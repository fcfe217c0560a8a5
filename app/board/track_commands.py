"""Adds, lists and removes tracks for `upvote track add`, `list` and `remove`."""

from app.board import change_tracks as change
from app.board.commands import open_board
from app.board.tracks.queries import CountedTrack, select_counted_tracks
from app.errors import OperatorError
from app.settings import Settings


async def list_tracks(settings: Settings) -> list[CountedTrack]:
    async with open_board(settings) as board:
        return await select_counted_tracks(board.db)


async def add(settings: Settings, slug: str, name: str) -> None:
    try:
        async with open_board(settings) as board:
            await change.add_track(board, None, slug, name)
    except change.BadTrack as error:
        raise OperatorError(f"{error} Nothing has changed.") from None


async def remove(settings: Settings, slug: str, to: str) -> int:
    """Remove a track; return how many projects were moved."""
    try:
        async with open_board(settings) as board:
            return await change.remove_track(board, None, slug, to)
    except change.BadTrack as error:
        hint = " Add --to SLUG or --to none." if error.field == "to" else ""
        raise OperatorError(f"{error}{hint} Nothing has changed.") from None
