"""Fixtures that change the board, and restore it, since all tests share it."""

from tests.board.some_tracks import tracks

__all__ = ["tracks"]
