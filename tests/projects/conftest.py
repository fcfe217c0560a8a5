"""Fixtures that change the board, and restore it, since all tests share it."""

from tests.board.organise import organise
from tests.board.some_tracks import tracks

__all__ = ["organise", "tracks"]
