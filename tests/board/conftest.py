"""A fixture that changes the board's settings, and restores them, since all tests share them."""

from tests.board.organise import organise

__all__ = ["organise"]
